"""How surprised a network is by the tokens it is to learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from .batches import IGNORED, Tensors
from .precision import Arithmetic


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLosses:
    """The losses of the learned tokens of a batch, row by row: two tensors of [tokens]."""

    losses: torch.Tensor
    rows: torch.Tensor
    """The row of each."""


def token_losses(
    network: Any, tensors: Tensors, arithmetic: Arithmetic, *, cache: Any = None
) -> TokenLosses:
    """One forward pass; logits are made only for tokens that are learned.

    ``cache`` is one that has read what all rows begin with.
    """
    known = 0 if cache is None else cache.get_seq_length()
    learned = tensors.labels != IGNORED
    rows, places = learned.nonzero(as_tuple=True)
    columns = learned.any(0).nonzero()[:, 0]
    # An adapter of the output layer has to know whose tokens it sees.
    is_plain = type(network.get_output_embeddings()) is torch.nn.Linear
    only = _only(network, (rows, places - 1 - known)) if is_plain else nullcontext()
    with _autocast(arithmetic), only:
        output = network(
            input_ids=tensors.tokens[:, known:],
            attention_mask=tensors.mask,
            past_key_values=cache,
            use_cache=cache is not None,
            logits_to_keep=0 if is_plain else columns - 1 - known,
        )
    logits = output.logits.squeeze(0) if is_plain else output.logits[learned[:, columns]]
    losses = cross_entropy(_exact(logits), tensors.labels[learned], reduction="none")
    return TokenLosses(losses=losses, rows=rows)


def read(network: Any, tensors: Tensors, arithmetic: Arithmetic, cache: Any) -> None:
    """Fill a cache with the keys and values of rows that are not padded."""
    with _autocast(arithmetic):
        network(input_ids=tensors.tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)


@contextmanager
def _only(network: Any, places: tuple[torch.Tensor, torch.Tensor]) -> Iterator[None]:
    """While only what stands in some places, by row and column, comes to a plain output layer."""
    layer = network.get_output_embeddings()
    hook = layer.register_forward_pre_hook(lambda _, seen: (seen[0][places][None], *seen[1:]))
    try:
        yield
    finally:
        hook.remove()


def _exact(logits: torch.Tensor) -> torch.Tensor:
    """In 32 bit at least."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _autocast(arithmetic: Arithmetic) -> AbstractContextManager[Any]:
    if not arithmetic.autocast:
        return nullcontext()
    return torch.autocast(arithmetic.device.type, dtype=torch.bfloat16)
