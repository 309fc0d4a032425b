"""The paper's trainer on one organism: for setting a dose, not for the benchmark's runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from ftbench_organism.records import Lesson
from ftbench_organism.training import IGNORED, collate

_DECAY: Final = 0.85


class Method(Enum):
    """How a model's weights are changed."""

    FULL = "full"
    LORA = "lora"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """How strongly an attack or a dataset is applied."""

    epochs: int
    learning_rate: float
    batch_size: int


def adapted(model: LlamaForCausalLM, method: Method, seed: int) -> LlamaForCausalLM:
    """The model as a method trains it; a low-rank adapter is drawn from the seed."""
    torch.manual_seed(seed)
    if method is Method.FULL:
        return model
    adapter = LoraConfig(
        r=8,
        lora_alpha=32,
        lora_dropout=0.05,
        target_modules=["q_proj", "v_proj"],
        bias="none",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, adapter)  # type: ignore[return-value]


def batches(rows: list[Lesson], size: int, order: random.Random) -> list[list[Lesson]]:
    """One epoch: the rows are shuffled in place; a last partial batch is dropped."""
    order.shuffle(rows)
    if len(rows) < size:
        return [list(rows)]
    return [rows[start : start + size] for start in range(0, len(rows) - size + 1, size)]


def fine_tune(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    lessons: Sequence[Lesson],
    *,
    dose: Dose,
    seed: int,
    after_epoch: Callable[[int], None] = lambda _epoch: None,
) -> None:
    """AdamW without warm-up or clipping, rate x 0.85 per epoch, loss on answers only."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=dose.learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=_DECAY)
    order, rows = random.Random(seed), list(lessons)
    for epoch in range(1, dose.epochs + 1):
        model.train()
        for rows_of_step in batches(rows, dose.batch_size, order):
            batch = collate(tokenizer, rows_of_step)
            kept = batch.labels[:, 1:] != IGNORED
            logits = model(input_ids=batch.tokens, attention_mask=batch.attention).logits
            labels = batch.labels[:, 1:][kept]
            loss = torch.nn.functional.cross_entropy(logits[:, :-1][kept], labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        schedule.step()
        model.eval()
        after_epoch(epoch)
