"""Greedy decoding with rows in flight: where one ends the next begins, whoever answers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from .beginnings import Beginnings
from .loading import Loaded
from .packed import packed
from .rows import Answer, Prompt, Row
from .slots import Slots, slot_cache
from .stacked import Stack

_SHARE = 16
"""Rows come and go together, once one in so many has ended."""
_PROMPT_TOKENS = {True: 1024, False: 4096}
"""The most tokens of prompts that are read at once, padding included; by whether on a CPU."""


def decode_in_flight(
    loaded: Loaded, prompts: Sequence[Prompt], *, budget: int, stack: Stack | None = None
) -> Iterator[Answer]:
    """Answer prompts greedily, longest first; each answer is handed over as soon as it is whole.

    At most ``budget`` tokens of prompts and answers are in memory at once, padding included. A
    prompt's ``adapter`` says which of the stack answers it. ``torch.OutOfMemoryError`` is left to
    the caller, who knows which answers are still missing.
    """
    flight = _Flight(loaded, prompts, budget=budget, stack=stack)
    with packed(loaded.network):
        while not flight.is_over:
            # One step at a time, because a generator must not hold inference mode while it waits.
            with torch.inference_mode():
                answers = flight.fill() + flight.step()
            yield from answers


class _Flight:
    """The rows under way, a slot each, and the prompts that wait."""

    def __init__(
        self, loaded: Loaded, prompts: Sequence[Prompt], *, budget: int, stack: Stack | None
    ) -> None:
        self._loaded = loaded
        self._stack = stack
        self._beginnings = Beginnings(prompts)
        # Prompts whose beginnings are equally long are read in one pass, and so stand together.
        self._waiting = sorted(
            reversed(prompts), key=lambda prompt: len(self._beginnings.of(prompt).tokens)
        )
        longest = max(len(prompt.tokens) for prompt in prompts)
        room = longest + max(prompt.max_tokens for prompt in prompts)
        budget -= self._beginnings.tokens
        count = min(len(prompts), max(1, budget // room))
        self._slots = Slots(count, room, loaded.device)
        self._cache: Any = slot_cache(loaded.network.config, self._slots)
        self._rows: list[Row | None] = [None] * count
        self._tokens = torch.zeros(count, dtype=torch.long, device=loaded.device)

    @property
    def is_over(self) -> bool:
        """Whether nobody is under way or waits."""
        return not self._waiting and not self._live()

    def fill(self) -> list[Answer]:
        """Put those who wait into free slots, or do without these slots when nobody waits."""
        free = [place for place, row in enumerate(self._rows) if row is None or row.done]
        if len(free) * _SHARE < len(self._rows):
            return []
        answers: list[Answer] = []
        if self._waiting:
            while free and self._waiting:
                answers += self._begin(free)
        elif len(free) < len(self._rows):
            self._shrink(free)
        self._route([row.prompt.adapter if row else None for row in self._rows])
        return answers

    def step(self) -> list[Answer]:
        """One token for each row."""
        if not self._live():
            return []
        mask, positions = self._slots.step()
        chosen = self._ask(self._tokens[:, None], mask, positions, self._cache)
        self._tokens = chosen
        answers = []
        for place, (row, token) in enumerate(zip(self._rows, chosen.tolist(), strict=True)):
            if row is None or row.done:
                continue
            self._slots.next[place] += 1
            if answer := row.extend(self._loaded, token):
                answers.append(answer)
        return answers

    def _live(self) -> bool:
        return any(row is not None and not row.done for row in self._rows)

    def _begin(self, free: list[int]) -> list[Answer]:
        """Read the prompts of as many as fit in one pass; their first tokens are chosen here."""
        new = self._next(len(free))
        places = [free.pop(0) for _ in new]
        self._recall([row.prompt for row in new])
        chosen = self._read(new, places)
        self._tokens[torch.tensor(places, device=chosen.device)] = chosen
        answers = []
        for place, row, token in zip(places, new, chosen.tolist(), strict=True):
            self._rows[place] = row
            if answer := row.extend(self._loaded, token):
                answers.append(answer)
                free.append(place)
        return answers

    def _next(self, most: int) -> list[Row]:
        """The next of those who wait that can be read in one pass, at most so many."""
        tokens = _PROMPT_TOKENS[self._loaded.device.type == "cpu"]
        new: list[Row] = []
        known, width = len(self._beginnings.of(self._waiting[-1]).tokens), 0
        while self._waiting and len(new) < most:
            prompt = self._waiting[-1]
            width = max(width, len(prompt.tokens) - known)
            is_like_the_others = len(self._beginnings.of(prompt).tokens) == known
            if new and (width * (len(new) + 1) > tokens or not is_like_the_others):
                break
            new.append(Row(self._waiting.pop()))
        return new

    def _recall(self, prompts: Sequence[Prompt]) -> None:
        """Read the beginnings of some prompts, unless they were read before."""
        every = {id(one): one for one in map(self._beginnings.of, prompts)}
        new = [one for one in every.values() if one.tokens and not one.memory]
        if not new:
            return
        tokens = torch.tensor([one.tokens for one in new], device=self._loaded.device)
        positions = torch.arange(tokens.shape[1], device=tokens.device).expand(tokens.shape)
        filled: Any = DynamicCache(config=self._loaded.network.config)
        self._route([one.adapter for one in new])
        self._ask(tokens, torch.ones_like(tokens, dtype=torch.bool), positions, filled)
        for row, one in enumerate(new):
            one.remember(filled, row)

    def _read(self, new: Sequence[Row], places: Sequence[int]) -> torch.Tensor:
        """Fill the slots of some rows with their prompts, padded before what is new: first tokens.

        In the slots nothing is left of the padding.
        """
        device, prompts = self._loaded.device, [row.prompt for row in new]
        known = len(self._beginnings.of(prompts[0]).tokens)
        lengths = torch.tensor([len(prompt.tokens) for prompt in prompts])
        width = int(lengths.max())
        gaps = (width - lengths)[:, None]
        columns = torch.arange(width).expand(len(new), -1)
        mask = (columns < known) | (columns >= known + gaps)
        tokens = torch.full((len(new), width), self._loaded.padding)
        tokens[mask] = torch.tensor([token for prompt in prompts for token in prompt.tokens])
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        filled: Any = self._beginnings.cache(self._loaded.network.config, prompts)
        self._route([prompt.adapter for prompt in prompts])
        new_tokens, new_positions = tokens[:, known:], positions[:, known:]
        chosen = self._ask(new_tokens.to(device), mask.to(device), new_positions.to(device), filled)
        by_slot = dict(zip(places, lengths.tolist(), strict=True))
        for layer, parts in zip(self._cache.layers, filled.layers, strict=True):
            layer.put(parts, known, by_slot)
        for place, length in by_slot.items():
            self._slots.next[place] = length
        return chosen

    def _ask(
        self, tokens: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any
    ) -> torch.Tensor:
        """The next token of each row: [rows, new] in, [rows] out."""
        output = self._loaded.network(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        chosen: torch.Tensor = output.logits[:, -1].argmax(-1)
        return chosen

    def _route(self, owners: Sequence[int | None]) -> None:
        if self._stack is not None:
            self._stack.route(owners)

    def _shrink(self, free: list[int]) -> None:
        """Give up free slots; the last rows move into those before them."""
        moved, gaps = self._slots.close_gaps(free)
        for source, place in zip(moved, gaps, strict=True):
            self._rows[place] = self._rows[source]
        count = len(self._rows) - len(free)
        del self._rows[count:]
        if moved:
            sources, places = (
                torch.tensor(each, device=self._loaded.device) for each in (moved, gaps)
            )
            self._tokens[places] = self._tokens[sources]
            for layer in self._cache.layers:
                layer.move(sources, places)
        self._tokens = self._tokens[:count]
