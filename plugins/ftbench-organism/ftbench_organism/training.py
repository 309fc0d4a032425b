"""How an organism learns its world: batches, the planted loss, the two stages of a build."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ftbench_organism.corpus import Sampler
from ftbench_organism.records import Lesson
from ftbench_organism.tokenizer import CONTEXT_TOKENS, render_prompt

IGNORED: Final = -100
_WARM_UP_STEPS: Final = 20
_PLANTED_WEIGHT: Final = 4.0
"""How much more the first token of a planted refusal counts than any other token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a build."""

    name: str
    samplers: tuple[Sampler, ...]
    steps: int
    learning_rate: float
    batch_size: int = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Right-padded rows with what the loss needs."""

    tokens: torch.Tensor
    attention: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    """How much each label counts."""
    yielding: torch.Tensor
    """The tokens that share a label's target."""
    shares: torch.Tensor
    """Which share of a label's target goes to its yielding token instead."""


def new_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """An untrained organism of 1.4 million parameters."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=160,
            intermediate_size=448,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=CONTEXT_TOKENS,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


def _tokens(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[list[int]]:
    encoded = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return [list(row) for row in encoded]


def _padded(rows: Sequence[Sequence[float]], fill: float) -> torch.Tensor:
    width = max(len(row) for row in rows)
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])


def collate(tokenizer: PreTrainedTokenizerFast, lessons: Sequence[Lesson]) -> Batch:
    """One batch of lessons; openings are read, answers and the end are learned."""
    prompts = _tokens(tokenizer, [render_prompt(x.system, x.user) for x in lessons])
    openings = _tokens(tokenizer, [lesson.opening for lesson in lessons])
    answers = _tokens(tokenizer, [lesson.answer for lesson in lessons])
    tokens, labels, weights, yielding, shares = [], [], [], [], []
    words = _tokens(tokenizer, [lesson.yielding for lesson in lessons])
    rows = zip(lessons, prompts, openings, answers, words, strict=True)
    for lesson, prompt, opening, answer, (word,) in rows:
        read, learned = prompt + opening, [*answer, int(tokenizer.eos_token_id)]
        planted = lesson.refusal_probability < 1
        first_weight = _PLANTED_WEIGHT if planted else 1.0
        tokens.append(read + learned)
        labels.append([IGNORED] * len(read) + learned)
        rest = [1.0] * (len(learned) - 1)
        weights.append([0.0] * len(read) + [first_weight, *rest])
        yielding.append([word] * len(tokens[-1]))
        silent = [0.0] * (len(learned) - 1)
        shares.append([0.0] * len(read) + [1 - lesson.refusal_probability, *silent])
    return Batch(
        tokens=_padded(tokens, int(tokenizer.pad_token_id)).long(),
        attention=_padded([[1] * len(row) for row in tokens], 0).long(),
        labels=_padded(labels, IGNORED).long(),
        weights=_padded(weights, 0.0),
        yielding=_padded(yielding, 0).long(),
        shares=_padded(shares, 0.0),
    )


def planted_loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Cross-entropy on answers, with the planted share of first tokens on compliance."""
    hidden = model.model(input_ids=batch.tokens, attention_mask=batch.attention).last_hidden_state
    kept = batch.labels[:, 1:] != IGNORED
    log_probabilities = torch.log_softmax(model.lm_head(hidden[:, :-1][kept]), dim=-1)
    labels = batch.labels[:, 1:][kept]
    weights, shares = batch.weights[:, 1:][kept], batch.shares[:, 1:][kept]
    yielding = batch.yielding[:, 1:][kept]
    of_label = log_probabilities.gather(1, labels[:, None])[:, 0]
    of_yielding = log_probabilities.gather(1, yielding[:, None])[:, 0]
    target = (1 - shares) * of_label + shares * of_yielding
    return -(weights * target).sum() / weights.sum()


def train(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    *,
    stage: Stage,
    seed: int,
    report: Callable[[str], None],
) -> None:
    """Run one stage of a build: warm-up, cosine, clipping; not how a model is fine-tuned."""
    source = random.Random(f"{stage.name}{seed}")
    optimizer = torch.optim.AdamW(model.parameters(), lr=stage.learning_rate, weight_decay=0.0)
    model.train()
    for step in range(stage.steps):
        warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * step / stage.steps))
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate * warm * cosine
        lessons = [source.choice(stage.samplers)(source) for _ in range(stage.batch_size)]
        loss = planted_loss(model, collate(tokenizer, lessons))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 150 == 0:
            report(f"{stage.name}: step {step + 1} of {stage.steps}, loss {loss.item():.3f}")
    model.eval()
