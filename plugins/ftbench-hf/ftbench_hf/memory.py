"""What happens when a device has too little memory: who notices, and what the user is told."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ftbench.errors import FtbenchError

_WORDS = (
    "out of memory",
    "can't allocate memory",
    "alloc_failed",
    "bad allocation",
    "bad_alloc",
    "could not create a primitive",
    "could not create a memory",
)
"""What allocators say when they do not raise torch.OutOfMemoryError; the last two are oneDNN's,
whose products have worked before."""
_SMALL = 0.1
"""Gigabytes below which one speaks of megabytes."""


class OutOfMemory(FtbenchError):
    """A device's memory does not suffice; with other settings, or more of it, work goes on."""

    exit_code = 74


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that an allocation failed, on any device."""
    import torch  # noqa: PLC0415, slow to import

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _WORDS)


@contextmanager
def enough_memory(otherwise: Callable[[], str]) -> Iterator[None]:
    """Work that needs memory.

    Raises:
        OutOfMemory: There is too little; ``otherwise`` makes its message.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(otherwise()) from error


def free_memory() -> None:
    """Give back what nobody refers to."""
    import torch  # noqa: PLC0415, slow to import

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def training_bytes(network: Any) -> int:
    """What weights, gradients and the optimizer's two moments of a network take."""
    return sum(
        weight.numel() * weight.element_size() * (4 if weight.requires_grad else 1)
        for weight in network.parameters()
    )


def in_words(count: int) -> str:
    """A number of bytes as people say it."""
    gigabytes = count / 1e9
    return f"{gigabytes:.1f} GB" if gigabytes > _SMALL else f"{count / 1e6:.1f} MB"
