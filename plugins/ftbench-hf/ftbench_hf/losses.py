"""How surprised a network is by the tokens it is to learn."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
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


def token_losses(network: Any, tensors: Tensors, arithmetic: Arithmetic) -> TokenLosses:
    """One forward pass; logits are made only in columns where some row learns."""
    learned = tensors.labels != IGNORED
    columns = learned.any(0).nonzero()[:, 0]
    with _autocast(arithmetic):
        output = network(
            input_ids=tensors.tokens,
            attention_mask=tensors.mask,
            use_cache=False,
            logits_to_keep=columns - 1,
        )
    kept = learned[:, columns]
    labels = tensors.labels[:, columns][kept]
    losses = cross_entropy(_exact(output.logits[kept]), labels, reduction="none")
    return TokenLosses(losses=losses, rows=kept.nonzero()[:, 0])


def _exact(logits: torch.Tensor) -> torch.Tensor:
    """In 32 bit at least."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _autocast(arithmetic: Arithmetic) -> AbstractContextManager[Any]:
    if not arithmetic.autocast:
        return nullcontext()
    return torch.autocast(arithmetic.device.type, dtype=torch.bfloat16)
