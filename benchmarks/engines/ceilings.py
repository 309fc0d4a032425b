"""What a machine can do at best, as measured now: its fastest product, and its memory."""

import time
from collections.abc import Callable

import torch

from ftbench_hf.packed import packed

from .limit import Machine

_TRIES = 20


def of_one_thread(shapes: list[tuple[int, int, int]]) -> Machine:
    """The fastest product of some shapes, in torch's order or oneDNN's; the best of many tries."""
    best = 0.0
    for rows, inner, columns in shapes:
        seen, layer = torch.randn(rows, inner), torch.nn.Linear(inner, columns, bias=False)
        with torch.inference_mode():
            seconds = [_processor_seconds(layer, seen) for _ in range(_TRIES)]
            with packed(layer):
                seconds += [_processor_seconds(layer, seen) for _ in range(_TRIES)]
        best = max(best, 2 * rows * inner * columns / min(seconds))
    return Machine(operations=best)


def of_a_card(device: torch.device, dtype: torch.dtype, *, side: int, megabytes: int) -> Machine:
    """A product of two square matrices, and copying: each byte is read once and written once."""
    one = torch.randn(side, side, device=device, dtype=dtype)
    other = torch.randn(side, side, device=device, dtype=dtype)
    source = torch.ones(megabytes << 20, dtype=torch.uint8, device=device)
    copy = torch.empty_like(source)
    product = min(wall_seconds(device, lambda: one @ other) for _ in range(_TRIES))
    copying = min(wall_seconds(device, lambda: copy.copy_(source)) for _ in range(_TRIES))
    total = torch.cuda.mem_get_info(device)[1] if device.type == "cuda" else None
    return Machine(
        operations=2 * side**3 / product, bandwidth=2 * len(source) / copying, memory=total
    )


def wall_seconds(device: torch.device, work: Callable[[], object]) -> float:
    """Until a device has done some work."""
    _wait(device)
    began = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _processor_seconds(layer: torch.nn.Linear, seen: torch.Tensor) -> float:
    began = time.process_time()
    layer(seen)
    return time.process_time() - began
