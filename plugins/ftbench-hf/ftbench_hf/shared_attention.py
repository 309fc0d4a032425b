"""Attention of rows in flight to the beginnings that they share, which lie in memory once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .attention_parts import Found, merged, product, shares_of
from .beginnings import Beginning, Beginnings
from .rows import Prompt
from .stacked import Groups


class SharedAttention:
    """Which rows attend to which beginnings; those of one length in one product."""

    def __init__(self, beginnings: Beginnings, device: torch.device) -> None:
        self._beginnings = beginnings
        self._device = device
        self._shelves: dict[int, _Shelf | None] = {}
        self._readers: list[tuple[_Shelf, Groups]] = []

    def settle(self, prompts: Sequence[Prompt]) -> None:
        """Say whose rows there are from now on."""
        begun = [self._beginnings.of(prompt) for prompt in prompts]
        by_length: dict[int, dict[int, Beginning]] = {}
        for one in begun:
            if one.tokens:
                by_length.setdefault(len(one.tokens), {})[id(one)] = one
        self._readers = []
        self._shelves = {length: self._shelves.get(length) for length in by_length}
        for length, several in sorted(by_length.items()):
            shelf = self._shelf(length, several)
            numbers = {mark: number for number, mark in enumerate(shelf.marks)}
            groups = Groups.of([numbers.get(id(one)) for one in begun], self._device)
            assert groups is not None
            self._readers.append((shelf, groups))

    def add_to(self, found: Found, layer: int, asked: torch.Tensor) -> torch.Tensor:
        """What rows find by their scaled query [rows, heads, size] in their beginnings as well."""
        all_found, weight = found
        for shelf, groups in self._readers:
            there = shelf.attend(layer, asked, groups)
            places = slice(None) if groups.order is None else groups.order.rows
            all_found[places] = merged((all_found[places], weight[places]), there)
        return all_found

    def _shelf(self, length: int, several: dict[int, Beginning]) -> _Shelf:
        """The beginnings of a length; put together anew only when others have rows."""
        marks = tuple(sorted(several))
        shelf = self._shelves[length]
        if shelf is None or shelf.marks != marks:
            memories = [several[mark].memory for mark in marks]
            layers = [_stacked(parts) for parts in zip(*memories, strict=True)]
            self._shelves[length] = shelf = _Shelf(marks=marks, layers=layers)
            for number, mark in enumerate(marks):
                # It lies in memory once.
                several[mark].memory = [(keys[number], values[number]) for keys, values in layers]
        return shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """Beginnings of one length."""

    marks: tuple[int, ...]
    layers: list[tuple[torch.Tensor, torch.Tensor]]
    """Keys and values, each of [beginnings, heads, tokens, size]."""

    def attend(self, layer: int, query: torch.Tensor, groups: Groups) -> Found:
        """What those rows find that have one of them, group by group."""
        keys, values = self.layers[layer]
        many, kept = keys.shape[:2]
        order = groups.order
        gathered = query if order is None else query.index_select(0, order.gather)
        heads, size = gathered.shape[1:]
        asked = gathered.view(many, -1, kept, heads // kept, size).transpose(1, 2)
        scores = product(asked.reshape(many, kept, -1, size), keys.transpose(2, 3))
        shares, weight = shares_of(scores)
        found = product(shares, values)
        found = found.view(many, kept, -1, heads // kept, found.shape[-1]).transpose(1, 2)
        weight = weight.view(many, kept, -1, heads // kept).transpose(1, 2)
        found, weight = found.reshape(-1, heads, found.shape[-1]), weight.reshape(-1, heads)
        if order is None:
            return found, weight
        return found.index_select(0, order.filled), weight.index_select(0, order.filled)


def _stacked(
    parts: Sequence[tuple[torch.Tensor, torch.Tensor]],
) -> tuple[torch.Tensor, torch.Tensor]:
    keys, values = zip(*parts, strict=True)
    return torch.stack(keys), torch.stack(values)
