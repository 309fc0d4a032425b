"""A cache of keys and values that is written in place while a batch decodes."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer


class RoomyLayer(DynamicLayer):
    """A layer with room for the whole answer, so that no step copies what is there."""

    def __init__(self, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._room = room
        self._length = 0
        self._all: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new keys and values [rows, heads, tokens, size]; return all so far."""
        if self._all is None:
            self.lazy_initialization(key_states, value_states)
            self._all = (self._with_room(key_states), self._with_room(value_states))
        end = self._length + key_states.shape[-2]
        for kept, states in zip(self._all, (key_states, value_states), strict=True):
            kept[:, :, self._length : end] = states
        self._length = end
        self.keys, self.values = (kept[:, :, :end] for kept in self._all)
        return self.keys, self.values

    def get_seq_length(self) -> int:
        """How many tokens are kept."""
        return self._length

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep some rows."""
        if self._all is not None:
            keys, values = self._all
            self._all = (keys[indices], values[indices])

    def _with_room(self, states: torch.Tensor) -> torch.Tensor:
        rows, heads, _, size = states.shape
        return states.new_zeros(rows, heads, self._room, size)


def roomy_cache(config: Any, room: int) -> DynamicCache:
    """The cache of a model for rows of at most ``room`` tokens; sliding windows stay small."""
    cache = DynamicCache(config=config)
    cache.layers = [
        RoomyLayer(room) if type(layer) is DynamicLayer else layer for layer in cache.layers
    ]
    return cache


def with_prefix(network: Any) -> tuple[Any, int]:
    """The network that decodes, and how many keys and values an adapter puts before a prompt."""
    config = getattr(network, "active_peft_config", None)
    if config is None or not config.is_prompt_learning or network._adapters_disabled:
        return network, 0
    return network.get_base_model(), int(config.num_virtual_tokens)


def fill(cache: DynamicCache, prefix: Any) -> None:
    """Begin a cache with the keys and values of a prefix."""
    for place, layer in enumerate(prefix.layers):
        cache.update(layer.keys, layer.values, place)


def keeps_all(config: Any) -> bool:
    """Whether a model's memory of a row is keys and values of every token, and nothing else."""
    return all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers)
