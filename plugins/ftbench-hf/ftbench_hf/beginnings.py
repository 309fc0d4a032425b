"""Which beginnings of prompts, such as a system prompt, are read once for all that have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from .rows import Prompt

_ALIKE = 8
"""Prompts of one speaker whose first tokens, so many, are the same are looked at together."""
_LEAST_SAVED = 256
"""Tokens; to read a beginning by itself, and its prompts apart from others, costs passes."""


@dataclass(slots=True, kw_only=True)
class Beginning:
    """Tokens with which several prompts of one speaker begin."""

    adapter: int | None
    tokens: tuple[int, ...]
    memory: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    """Keys and values by layer, [heads, tokens, size], once they were read."""

    def remember(self, cache: Any, row: int) -> None:
        """Keep what reading it left in one row of a cache."""
        self.memory = [(layer.keys[row], layer.values[row]) for layer in cache.layers]


class Beginnings:
    """Those of some prompts: what one adapter makes of a text is never another's."""

    def __init__(self, prompts: Sequence[Prompt]) -> None:
        alike: dict[Any, list[Prompt]] = {}
        for prompt in prompts:
            alike.setdefault((prompt.adapter, prompt.tokens[:_ALIKE]), []).append(prompt)
        self._of: dict[str, Beginning] = {}
        self.tokens = 0
        """Of all beginnings together."""
        for group in alike.values():
            one = _shared(group)
            self._of |= {prompt.key: one for prompt in group}
            self.tokens += len(one.tokens)

    def of(self, prompt: Prompt) -> Beginning:
        """The beginning that a prompt shares with others; it may be empty."""
        return self._of[prompt.key]

    def cache(self, config: Any, prompts: Sequence[Prompt]) -> DynamicCache:
        """A cache that has read the beginnings of some prompts, which are equally long."""
        cache = DynamicCache(config=config)
        memories = [self.of(prompt).memory for prompt in prompts]
        for layer, parts in enumerate(zip(*memories, strict=True)):
            keys, values = (torch.stack(each) for each in zip(*parts, strict=True))
            cache.update(keys, values, layer)
        return cache


def common_length(rows: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all rows begin with."""
    return len(commonprefix(rows))


def _shared(prompts: Sequence[Prompt]) -> Beginning:
    """What they have in common; at least one token is left to each, from which to go on."""
    same = common_length([prompt.tokens for prompt in prompts])
    same = min(same, *(len(prompt.tokens) - 1 for prompt in prompts))
    if same * (len(prompts) - 1) < _LEAST_SAVED:
        same = 0
    return Beginning(adapter=prompts[0].adapter, tokens=prompts[0].tokens[:same])
