"""How a network attends while rows come and go: to what each row alone has said and read, and to
the beginning that it shares with others, which lies in memory once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.cache_utils import DynamicCache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from .beginnings import Beginnings
from .cohorts import Cohort
from .rows import Row
from .shared_attention import SharedAttention

ATTENTION = "rows_in_flight"
"""What transformers knows it by."""
INSTEAD_OF = "sdpa"
_COHORTS = 8
"""Two that stand beside each other become one where they have less than this part of all rows."""


class Flight:
    """All rows under way, in the order of their cohorts."""

    def __init__(self, config: Any, beginnings: Beginnings, device: torch.device) -> None:
        self.cache = DynamicCache(config=config)
        self.cache.layers = [_FlightLayer(self, n) for n in range(len(self.cache.layers))]
        self._cohorts: list[Cohort] = []
        self._shared = SharedAttention(beginnings, device)

    @property
    def rows(self) -> list[Row]:
        """All of them."""
        return [row for cohort in self._cohorts for row in cohort.rows]

    def join(self, cohorts: Sequence[Cohort]) -> None:
        """Take in rows that begin."""
        self._cohorts += cohorts
        self._settle()

    def next_column(self) -> None:
        """Make room for one more token of each row."""
        for cohort in self._cohorts:
            cohort.next_column()

    def leave(self) -> None:
        """Do without the rows that are done."""
        for cohort in self._cohorts:
            if done := [place for place, row in enumerate(cohort.rows) if row.done]:
                cohort.leave(done)
        self._settle()

    def attend(
        self,
        layer: int,
        query: torch.Tensor,
        states: tuple[torch.Tensor, torch.Tensor],
        scaling: Any,
    ) -> torch.Tensor:
        """What each row finds, [rows, 1, heads, size], by its query [rows, heads, 1, size].

        ``states`` are the keys and values of the tokens that ask, which are remembered.
        """
        scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
        asked = query[:, :, 0] * scaling
        counts = [len(cohort) for cohort in self._cohorts]
        keys, values = (each.split(counts) for each in states)
        parts = []
        for cohort, key, value, own in zip(
            self._cohorts, keys, values, asked.split(counts), strict=True
        ):
            cohort.write(layer, (key, value))
            parts.append(cohort.attend(layer, own))
        found, weight = (torch.cat(each) for each in zip(*parts, strict=True))
        return self._shared.add_to((found, weight), layer, asked)[:, None].to(query.dtype)

    def _settle(self) -> None:
        """Bring small cohorts together, and say who is there."""
        self._cohorts = [cohort for cohort in self._cohorts if len(cohort)]
        total = sum(map(len, self._cohorts))
        while len(self._cohorts) > 1:
            pairs = [
                len(a) + len(b) for a, b in zip(self._cohorts, self._cohorts[1:], strict=False)
            ]
            least = min(pairs)
            if least * _COHORTS > total:
                break
            place = pairs.index(least)
            self._cohorts[place : place + 2] = [Cohort.of(self._cohorts[place : place + 2])]
        self._shared.settle([row.prompt for row in self.rows])


class _Handed:
    """What a layer of the cache hands to attention instead of all keys, or of all values."""

    def __init__(self, flight: Flight, layer: int, new: torch.Tensor) -> None:
        self.flight, self.layer, self.new = flight, layer, new


class _FlightLayer(DynamicLayer):
    """A layer of which only attention knows where keys and values are."""

    def __init__(self, flight: Flight, number: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._flight, self._number = flight, number

    def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
        """Hand over one key and value per row [rows, heads, 1, size]."""
        flight, number = self._flight, self._number
        return _Handed(flight, number, key_states), _Handed(flight, number, value_states)

    def get_seq_length(self) -> int:
        """Nobody asks where rows are told their places."""
        return 0


def _attend(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any
) -> tuple[torch.Tensor, None]:
    if not isinstance(key, _Handed):
        said, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return said, None
    states = (key.new, value.new)
    return key.flight.attend(key.layer, query, states, options.get("scaling")), None


AttentionInterface.register(ATTENTION, _attend)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)


@contextmanager
def attending(network: Any) -> Iterator[None]:
    """While a network reads prompts as ever and answers for rows that come and go."""
    network.set_attn_implementation(ATTENTION)
    try:
        yield
    finally:
        network.set_attn_implementation(INSTEAD_OF)
