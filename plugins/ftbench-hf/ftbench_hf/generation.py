"""Greedy decoding of one batch whose rows end one by one, for models of every kind of cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .key_value_cache import fill, roomy_cache, with_prefix
from .loading import Loaded
from .rows import Answer, Prompt, Row

_SHRINK_AT = 8
"""Rows leave the batch once one in so many has ended."""


@dataclass(slots=True)
class _Batch:
    """The state of the rows that are still in the tensors; ``mask`` is [rows, room]."""

    rows: list[Row]
    cache: Any
    mask: torch.Tensor
    positions: torch.Tensor
    width: int
    network: Any

    def shrink(self) -> None:
        """Drop the rows that are done."""
        kept = [place for place, row in enumerate(self.rows) if not row.done]
        indices = torch.tensor(kept, device=self.mask.device)
        self.rows = [self.rows[place] for place in kept]
        self.cache.batch_select_indices(indices)
        self.mask, self.positions = self.mask[indices], self.positions[indices]


@torch.inference_mode()
def decode(loaded: Loaded, prompts: Sequence[Prompt]) -> Iterator[Answer]:
    """Answer each prompt greedily, and hand each answer over as soon as it is complete.

    Rows are padded on the left and masked; ``torch.OutOfMemoryError`` is left to the caller,
    who then knows which answers are still missing.
    """
    batch, tokens = _start(loaded, prompts)
    while True:
        chosen = _step(batch, tokens)
        for row, token in zip(batch.rows, chosen.tolist(), strict=True):
            if not row.done and (answer := row.extend(loaded, token)):
                yield answer
        done = sum(row.done for row in batch.rows)
        if done == len(batch.rows):
            return
        if done * _SHRINK_AT >= len(batch.rows):
            live = [not row.done for row in batch.rows]
            chosen = chosen[torch.tensor(live, device=chosen.device)]
            batch.shrink()
        tokens = chosen[:, None]


def _start(loaded: Loaded, prompts: Sequence[Prompt]) -> tuple[_Batch, torch.Tensor]:
    width = max(len(prompt.tokens) for prompt in prompts)
    room = width + max(prompt.max_tokens for prompt in prompts)
    network, ahead = with_prefix(loaded.network)
    tokens = torch.full((len(prompts), width), loaded.padding)
    mask = torch.ones((len(prompts), room), dtype=torch.long)
    for place, prompt in enumerate(prompts):
        tokens[place, width - len(prompt.tokens) :] = torch.tensor(prompt.tokens)
        mask[place, : width - len(prompt.tokens)] = 0
    positions = (mask[:, :width].cumsum(-1) - 1).clamp(min=0)
    batch = _Batch(
        rows=[Row(prompt) for prompt in prompts],
        cache=roomy_cache(network.config, room + ahead),
        mask=torch.cat([mask.new_ones(len(prompts), ahead), mask], dim=1).to(loaded.device),
        positions=positions.to(loaded.device) + ahead,
        width=width + ahead,
        network=network,
    )
    if ahead:
        fill(batch.cache, loaded.network.get_prompt(len(prompts)))
    return batch, tokens.to(loaded.device)


def _step(batch: _Batch, tokens: torch.Tensor) -> torch.Tensor:
    """One token for each row: [rows, new] in, [rows] out."""
    output = batch.network(
        input_ids=tokens,
        attention_mask=batch.mask[:, : batch.width],
        position_ids=batch.positions,
        past_key_values=batch.cache,
        use_cache=True,
        logits_to_keep=1,
    )
    batch.width += 1
    batch.positions = batch.positions[:, -1:] + 1
    chosen: torch.Tensor = output.logits[:, -1].argmax(-1)
    return chosen
