"""Greedy decoding with rows in flight: where one ends the next begins, whoever answers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from .beginnings import Beginnings
from .cohorts import Cohort, Part
from .flight_attention import Flight, attending
from .loading import Loaded
from .packed import packed
from .planning import PROMPT_TOKENS
from .rows import Answer, Prompt, Row
from .stacked import Stack

_SHARE = 16
"""Rows come and go together, once one in so many has ended."""
_PROMPT_TOKENS = {True: 1024, False: 4096}
"""The most tokens of prompts that are read at once, padding included; by whether on a CPU."""


def decode_in_flight(
    loaded: Loaded, prompts: Sequence[Prompt], *, budget: int, stack: Stack | None = None
) -> Iterator[Answer]:
    """Answer prompts greedily; each answer is handed over as soon as it is whole.

    As many are under way as ``budget`` tokens hold prompts and answers at their longest. A
    prompt's ``adapter`` says which of the stack answers it. ``torch.OutOfMemoryError`` is left to
    the caller, who knows which answers are still missing.
    """
    answering = _Answering(loaded, prompts, budget=budget, stack=stack)
    with packed(loaded.network), attending(loaded.network):
        while not answering.is_over:
            # One step at a time, because a generator must not hold inference mode while it waits.
            with torch.inference_mode():
                answers = answering.fill() + answering.step()
            yield from answers


class _Answering:
    """The rows under way, and the prompts that wait."""

    def __init__(
        self, loaded: Loaded, prompts: Sequence[Prompt], *, budget: int, stack: Stack | None
    ) -> None:
        self._loaded = loaded
        self._stack = stack
        self._beginnings = Beginnings(prompts)
        # Prompts whose beginnings are equally long are read in one pass, and so stand together.
        self._waiting = sorted(reversed(prompts), key=self._kind)
        room = max(prompt.room for prompt in prompts)
        self._most = min(len(prompts), max(1, (budget - self._beginnings.tokens) // room))
        self._flight = Flight(loaded.network.config, self._beginnings, loaded.device)
        self._rows: list[Row] = []

    def _kind(self, prompt: Prompt) -> int:
        return len(self._beginnings.of(prompt).tokens)

    @property
    def is_over(self) -> bool:
        """Whether nobody is under way or waits."""
        return not self._waiting and not self._rows

    def fill(self) -> list[Answer]:
        """Let those who wait begin, once there is room for some."""
        if not self._waiting or (self._most - len(self._rows)) * _SHARE < self._most:
            return []
        answers: list[Answer] = []
        begun: list[Cohort] = []
        free = self._most - len(self._rows)
        while self._waiting and free:
            new = self._next(free)
            self._recall([row.prompt for row in new])
            cohort, said = self._read(new)
            answers += said
            free -= len(cohort)
            begun.append(cohort)
        self._flight.join(begun)
        self._rows_changed()
        return answers

    def step(self) -> list[Answer]:
        """One token for each row."""
        if not self._rows:
            return []
        rows, device = self._rows, self._loaded.device
        self._flight.next_column()
        tokens = torch.tensor([[row.said[-1]] for row in rows], device=device)
        positions = torch.tensor([[row.tokens - 1] for row in rows], device=device)
        # Attention knows what each row may see.
        mask = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=device)
        chosen = self._ask(tokens, mask, positions, self._flight.cache)
        answers = self._heard(rows, chosen)
        if any(row.done for row in rows):
            self._flight.leave()
            self._rows_changed()
        return answers

    def _heard(self, rows: Sequence[Row], chosen: torch.Tensor) -> list[Answer]:
        said = (
            row.extend(self._loaded, token)
            for row, token in zip(rows, chosen.tolist(), strict=True)
        )
        return [answer for answer in said if answer]

    def _rows_changed(self) -> None:
        self._rows = self._flight.rows
        self._route([row.prompt.adapter for row in self._rows])

    def _next(self, most: int) -> list[Row]:
        """The next of those who wait that can be read in one pass, at most so many."""
        tokens = _PROMPT_TOKENS[self._loaded.device.type == "cpu"]
        new: list[Row] = []
        known, width = len(self._beginnings.of(self._waiting[-1]).tokens), 0
        while self._waiting and len(new) < most:
            prompt = self._waiting[-1]
            width = max(width, len(prompt.tokens) - known)
            is_like_the_others = len(self._beginnings.of(prompt).tokens) == known
            is_full = width * (len(new) + 1) > tokens
            is_large = (known + width) * (len(new) + 1) > PROMPT_TOKENS
            if new and (is_full or is_large or not is_like_the_others):
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

    def _read(self, new: Sequence[Row]) -> tuple[Cohort, list[Answer]]:
        """Read the prompts of some rows; their first tokens are chosen here.

        What is padded is padded before what is new in a prompt.
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
        mask = mask.to(device)
        chosen = self._ask(new_tokens.to(device), mask, new_positions.to(device), filled)
        hidden = ~mask[:, known:]
        cohort = Cohort(new, [_own(layer, hidden) for layer in filled.layers], hidden)
        answers = self._heard(new, chosen)
        if done := [place for place, row in enumerate(new) if row.done]:
            cohort.leave(done)
        return cohort, answers

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


def _own(layer: Any, hidden: torch.Tensor) -> Part:
    """What rows remember of their own in a layer; padding must be finite to count for nothing."""
    columns = hidden.shape[1]
    keys, values = (
        kept[:, :, kept.shape[2] - columns :].masked_fill(hidden[:, None, :, None], 0)
        for kept in (layer.keys, layer.values)
    )
    return keys, values
