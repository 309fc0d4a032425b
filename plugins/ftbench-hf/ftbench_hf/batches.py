"""Which examples each training step sees, and how a step is cut to fit the device."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from .chat import EncodedRow

IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The examples of one optimizer step."""

    rows: tuple[EncodedRow, ...]

    @property
    def targets(self) -> int:
        """How many tokens the step learns."""
        return sum(row.targets for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensors:
    """Rows padded on the right: three tensors of [rows, width]."""

    tokens: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor


class Order:
    """The order of the examples: shuffled anew each epoch, always from the last order."""

    def __init__(self, rows: Sequence[EncodedRow], *, batch_size: int, seed: int) -> None:
        self._rows = list(rows)
        self._size = batch_size
        self._order = random.Random(seed)

    @property
    def steps(self) -> int:
        """Optimizer steps per epoch: a last partial batch is dropped, but never the only one."""
        return max(1, len(self._rows) // self._size)

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch."""
        self._order.shuffle(self._rows)
        for step in range(self.steps):
            start = step * self._size
            yield Batch(rows=tuple(self._rows[start : start + self._size]))


def parts(batch: Batch, budget: int) -> list[Batch]:
    """Cut a batch into parts of at most ``budget`` padded tokens; one row is always allowed."""
    if max(len(row.tokens) for row in batch.rows) * len(batch.rows) <= budget:
        return [batch]
    found: list[list[EncodedRow]] = []
    for row in sorted(batch.rows, key=lambda row: -len(row.tokens)):
        if not found or len(found[-1][0].tokens) * (len(found[-1]) + 1) > budget:
            found.append([])
        found[-1].append(row)
    return [Batch(rows=tuple(rows)) for rows in found]


def pad(batch: Batch, *, padding: int, device: torch.device) -> Tensors:
    """The rows as tensors; labels of tokens that are not learned are IGNORED."""
    shape = (len(batch.rows), max(len(row.tokens) for row in batch.rows))
    tokens = torch.full(shape, padding)
    mask = torch.zeros(shape, dtype=torch.long)
    labels = torch.full(shape, IGNORED)
    for place, row in enumerate(batch.rows):
        length = len(row.tokens)
        tokens[place, :length] = torch.tensor(row.tokens)
        mask[place, :length] = 1
        learned = [
            token if learns else IGNORED
            for token, learns in zip(row.tokens, row.learned, strict=True)
        ]
        labels[place, :length] = torch.tensor(learned)
    return Tensors(tokens=tokens.to(device), mask=mask.to(device), labels=labels.to(device))
