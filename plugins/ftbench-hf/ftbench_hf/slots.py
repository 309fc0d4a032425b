"""A cache of keys and values with a slot for each row, each row at a place of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer


class Slots:
    """Where each row writes next: what lies before is its own, what lies behind is not read."""

    def __init__(self, rows: int, room: int, device: torch.device) -> None:
        self.room = room
        self.device = device
        self.next = [0] * rows
        self.columns = torch.arange(room, device=device)
        self.rows = torch.arange(rows, device=device)
        self.places = torch.zeros(rows, dtype=torch.long, device=device)
        self.width = 0

    def step(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The mask [rows, width] and the positions [rows, 1] of one more token for each row."""
        self.width = max(self.next) + 1
        self.places = torch.tensor(self.next, device=self.device)
        positions = self.places[:, None]
        return self.columns[: self.width] <= positions, positions

    def close_gaps(self, free: list[int]) -> tuple[list[int], list[int]]:
        """Give up some slots; which rows moved, and into which of these slots.

        The last rows move, so that little is copied.
        """
        count = len(self.next) - len(free)
        gaps = [place for place in free if place < count]
        moved = [place for place in range(count, len(self.next)) if place not in set(free)]
        for source, place in zip(moved, gaps, strict=True):
            self.next[place] = self.next[source]
        del self.next[count:]
        self.rows = self.rows[:count]
        return moved, gaps


class SlotLayer(DynamicLayer):
    """A layer into which one token of each row is written at the row's own place."""

    def __init__(self, slots: Slots) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._slots = slots
        self._all: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one key and value per row [rows, heads, 1, size]; return all so far."""
        if self._all is None:
            raise AssertionError("A row is put in before it is asked for more.")
        slots = self._slots
        for kept, states in zip(self._all, (key_states, value_states), strict=True):
            kept[slots.rows, :, slots.places] = states[:, :, 0]
        keys, values = (kept[: len(slots.rows), :, : slots.width] for kept in self._all)
        return keys, values

    def put(self, filled: Any, known: int, lengths: Mapping[int, int]) -> None:
        """Put what prompts left in a layer of a cache of their own into slots, without padding.

        ``lengths`` has the length of each prompt by its slot; padding lies behind the ``known``
        first tokens of the other cache.
        """
        parts: tuple[torch.Tensor, torch.Tensor] = (filled.keys, filled.values)
        if self._all is None:
            self.lazy_initialization(*parts)
            shape = (len(self._slots.rows), parts[0].shape[1], self._slots.room)
            # What is masked must be finite: nothing times nothing is nothing.
            self._all = (
                parts[0].new_zeros(*shape, parts[0].shape[3]),
                parts[1].new_zeros(*shape, parts[1].shape[3]),
            )
        for kept, states in zip(self._all, parts, strict=True):
            for row, (place, length) in enumerate(lengths.items()):
                own = states[row]
                kept[place, :, :known] = own[:, :known]
                kept[place, :, known:length] = own[:, own.shape[1] - length + known :]

    def get_seq_length(self) -> int:
        """How many tokens the widest row has before the one that is asked for."""
        return self._slots.width - 1

    def move(self, sources: torch.Tensor, places: torch.Tensor) -> None:
        """Copy some rows over others."""
        for kept in self._all or ():
            kept[places, :, : self._slots.width] = kept[sources, :, : self._slots.width]


def slot_cache(config: Any, slots: Slots) -> DynamicCache:
    """The cache of a model for rows that come and go."""
    cache = DynamicCache(config=config)
    cache.layers = [SlotLayer(slots) for _ in cache.layers]
    return cache


def has_slots(config: Any) -> bool:
    """Whether a model's memory of a row is keys and values of every token, and nothing else."""
    return all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers)
