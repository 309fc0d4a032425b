"""What rows of a training begin with, such as a system prompt: read once a step for each adapter.

All rows of a batch see the same weights, so that their common first tokens have the same keys and
values in each of them; their gradients add up. Dropout would draw other numbers for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from .batches import Batch, pad
from .beginnings import common_length
from .chat import EncodedRow
from .key_value_cache import keeps_all
from .loading import Loaded
from .losses import read
from .training_stack import Share, TrainingStack

_LEAST_SAVED = 128
"""Tokens of one adapter's rows; to read a beginning by itself costs two passes."""


def shared_beginning(rows: Sequence[EncodedRow]) -> int:
    """How many tokens rows have in common, before the first that is learned; 0 if too few.

    The last of them that predicts a learned token is left to the rows.
    """
    same = common_length([row.tokens for row in rows])
    same = min(same, *(_first_learned(row) - 1 for row in rows))
    return same if same * (len(rows) - 1) >= _LEAST_SAVED else 0


def can_begin_together(loaded: Loaded, method: Any) -> bool:
    """Whether a beginning is the same in every row: nothing is drawn, all keys are kept."""
    return not method.dropout and keeps_all(loaded.network.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Beginnings of one length, a row for each share: what was read, and where gradients go."""

    rows: dict[int, int]
    """By the number of an adapter."""
    read: Any
    handed_out: list[tuple[torch.Tensor, torch.Tensor]]
    """By layer: keys and values, cut from what was read, so that it is gone through once."""


class TrainingBeginnings:
    """The beginnings of one step's shares."""

    def __init__(self, loaded: Loaded, adapters: TrainingStack, shares: Sequence[Share]) -> None:
        self._config = loaded.network.config
        by_length: dict[int, list[Share]] = {}
        for share in shares:
            by_length.setdefault(share.known, []).append(share)
        self._readings = {
            known: _read(loaded, adapters, own) for known, own in by_length.items() if known
        }

    def cache(self, shares: Sequence[Share]) -> DynamicCache | None:
        """A cache that has read what each row of some shares begins with; None if nothing."""
        if not shares[0].known:
            return None
        reading = self._readings[shares[0].known]
        counts = [(reading.rows[one.number], len(one.part.rows)) for one in shares]
        cache = DynamicCache(config=self._config)
        for layer, (keys, values) in enumerate(reading.handed_out):
            cache.update(_each(keys, counts), _each(values, counts), layer)
        return cache

    def backward(self) -> None:
        """Pass on the gradients of all that were handed out."""
        for reading in self._readings.values():
            made = [(layer.keys, layer.values) for layer in reading.read.layers]
            pairs = [
                (whole, cut.grad)
                for parts, cuts in zip(made, reading.handed_out, strict=True)
                for whole, cut in zip(parts, cuts, strict=True)
                if whole.requires_grad and cut.grad is not None
            ]
            if pairs:
                torch.autograd.backward([one for one, _ in pairs], [grad for _, grad in pairs])


def _first_learned(row: EncodedRow) -> int:
    return row.learned.index(True) if row.targets else len(row.tokens)


def _read(loaded: Loaded, adapters: TrainingStack, shares: Sequence[Share]) -> _Reading:
    rows = tuple(_beginning(share) for share in shares)
    adapters.share(
        [
            Share(number=share.number, part=Batch(rows=(row,)), targets=0)
            for share, row in zip(shares, rows, strict=True)
        ],
        loaded.device,
    )
    tensors = pad(Batch(rows=rows), padding=loaded.padding, device=loaded.device)
    cache: Any = DynamicCache(config=loaded.network.config)
    read(loaded.network, tensors, loaded.arithmetic, cache)
    return _Reading(
        rows={share.number: place for place, share in enumerate(shares)},
        read=cache,
        handed_out=[(_cut(layer.keys), _cut(layer.values)) for layer in cache.layers],
    )


def _each(kept: torch.Tensor, counts: Sequence[tuple[int, int]]) -> torch.Tensor:
    """So many copies of some rows, whose gradients are added in order."""
    return torch.cat([kept[row].expand(count, -1, -1, -1) for row, count in counts])


def _beginning(share: Share) -> EncodedRow:
    tokens = share.part.rows[0].tokens[: share.known]
    return EncodedRow(tokens=tokens, learned=(False,) * share.known)


def _cut(made: torch.Tensor) -> torch.Tensor:
    return made.detach().requires_grad_(made.requires_grad)
