"""Rows that answer and began together: what they remember of prompts and answers, and attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .attention_parts import Found, product, shares_of
from .rows import Row

_COLUMNS = {True: 16, False: 128}
"""How many more tokens of each row a block of answers has room for; by whether on a CPU."""

Part = tuple[torch.Tensor, torch.Tensor]
"""Keys and values, each of [rows, heads, columns, size]."""


class Cohort:
    """Rows that write into the same column, so that none reads what only another has.

    Keys and values lie in blocks that are read from end to end: to read a part of longer ones takes
    twice as long (docs/performance.md). The first block has the prompts, padded on the left.
    """

    def __init__(self, rows: Sequence[Row], first: Sequence[Part], hidden: torch.Tensor) -> None:
        """``first`` has, by layer, what the rows remember; what is ``hidden`` is not attended to.

        ``hidden`` is [rows, columns].
        """
        self.rows = list(rows)
        self._blocks = [list(first)]
        self._free = 0
        mask = torch.zeros(hidden.shape, dtype=torch.float32, device=hidden.device)
        self._mask = mask.masked_fill(hidden, -torch.inf)

    @classmethod
    def of(cls, several: Sequence[Cohort]) -> Cohort:
        """One of several; the ends of what they remember come to stand in one column."""
        width = max(one._seen for one in several)
        layers = zip(*(one._whole() for one in several), strict=True)
        first = [_below(parts, width) for parts in layers]
        hidden = [_widened(one._mask[: len(one), : one.width], width) for one in several]
        return cls([row for one in several for row in one.rows], first, torch.cat(hidden) < 0)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        """The columns that were written."""
        return self._mask.shape[1] - self._free

    @property
    def _seen(self) -> int:
        """The last columns, so many, of which some row sees one; who has left may have had more."""
        visible = (self._mask[: len(self), : self.width] == 0).any(0).nonzero()
        return self.width - int(visible[0]) if len(visible) else 0

    def next_column(self) -> None:
        """Begin a column, which every row is about to write."""
        if not self._free:
            still = max(row.prompt.max_tokens - len(row.said) for row in self.rows)
            self._free = min(still, _COLUMNS[self._mask.device.type == "cpu"])
            self._blocks.append([_more(part, self._free) for part in self._blocks[0]])
            more = self._mask.new_full((len(self._mask), self._free), -torch.inf)
            self._mask = torch.cat([self._mask, more], dim=1)
        self._mask[:, self.width] = 0
        self._free -= 1

    def write(self, layer: int, states: Part) -> None:
        """Write one key and value per row [rows, heads, 1, size]."""
        for kept, new in zip(self._blocks[-1][layer], states, strict=True):
            kept[: len(self), :, kept.shape[2] - self._free - 1] = new[:, :, 0]

    def attend(self, layer: int, query: torch.Tensor) -> Found:
        """What the rows find by their scaled query [rows, heads, size]."""
        blocks = [_top(block[layer], len(self)) for block in self._blocks]
        rows, heads, size = query.shape
        kept = blocks[0][0].shape[1]
        asked = query.view(rows, kept, heads // kept, size)
        scores = torch.cat([product(asked, keys.transpose(2, 3)) for keys, _ in blocks], dim=-1)
        shares, weight = shares_of(scores.add_(self._mask[:rows, None, None]))
        parts = shares.split([keys.shape[2] for keys, _ in blocks], dim=-1)
        found = product(parts[0], blocks[0][1])
        for part, (_, values) in zip(parts[1:], blocks[1:], strict=True):
            found += product(part, values)
        return found.reshape(rows, heads, -1), weight.reshape(rows, heads)

    def leave(self, places: Sequence[int]) -> None:
        """Do without some rows; the last ones take their places, so that little is copied."""
        count = len(self) - len(places)
        gone = set(places)
        gaps = [place for place in places if place < count]
        moved = [place for place in range(count, len(self)) if place not in gone]
        for source, place in zip(moved, gaps, strict=True):
            self.rows[place] = self.rows[source]
        del self.rows[count:]
        every = [kept for block in self._blocks for part in block for kept in part]
        for kept in [self._mask, *every] if moved else []:
            sources, there = (torch.tensor(each, device=kept.device) for each in (moved, gaps))
            kept[there] = kept[sources]
        if 2 * count <= len(self._mask):
            self._release(count)

    def _release(self, count: int) -> None:
        """Keep memory for so many rows alone."""
        self._mask = self._mask[:count].clone()
        self._blocks = [
            [(keys[:count].clone(), values[:count].clone()) for keys, values in block]
            for block in self._blocks
        ]

    def _whole(self) -> list[Part]:
        """By layer, what was written."""
        count, width = len(self), self.width
        return [
            (
                torch.cat([keys[:count] for keys, _ in parts], dim=2)[:, :, :width],
                torch.cat([values[:count] for _, values in parts], dim=2)[:, :, :width],
            )
            for parts in zip(*self._blocks, strict=True)
        ]


def _below(parts: Sequence[Part], width: int) -> Part:
    """Keys and values of several cohorts below each other."""
    keys, values = (_ending_together(each, width) for each in zip(*parts, strict=True))
    return keys, values


def _ending_together(several: Sequence[torch.Tensor], width: int) -> torch.Tensor:
    """[rows, heads, columns, size] of several below each other, their last columns, so many."""
    first = several[0]
    both = first.new_empty(sum(map(len, several)), first.shape[1], width, first.shape[3])
    row = 0
    for one in several:
        last = one[:, :, max(0, one.shape[2] - width) :]
        place, gap = both[row : row + len(one)], width - last.shape[2]
        # What is hidden must be finite: nothing times nothing is nothing.
        place[:, :, :gap] = 0
        place[:, :, gap:] = last
        row += len(one)
    return both


def _widened(mask: torch.Tensor, width: int) -> torch.Tensor:
    """The last columns, so many; those that there are not are hidden."""
    last = mask[:, max(0, mask.shape[1] - width) :]
    return torch.nn.functional.pad(last, (width - last.shape[1], 0), value=-torch.inf)


def _more(part: Part, columns: int) -> Part:
    keys, values = (kept.new_zeros(*kept.shape[:2], columns, kept.shape[3]) for kept in part)
    return keys, values


def _top(part: Part, rows: int) -> Part:
    return part[0][:rows], part[1][:rows]
