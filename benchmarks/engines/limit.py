"""The least time that cells can take: their arithmetic at the speed of the fastest product.

The derivation is in ``docs/performance.md``.
"""

import time
from dataclasses import dataclass

import torch
from transformers import AutoConfig

from ftbench_hf.chat import Chat

from .outcome import Outcome
from .world import Cell, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What one thread can do at best, as measured now."""

    operations: float
    """Floating-point operations a second, in 32 bit."""
    copied: float
    """Bytes a second that are read and written again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A model's sizes, as far as its arithmetic goes."""

    layer: int
    """Weights that multiply, in one layer."""
    layers: int
    head: int
    attention: int
    """Heads times their size."""

    @classmethod
    def of(cls, location: str) -> "Shape":
        """Of a Llama."""
        config = AutoConfig.from_pretrained(location)
        hidden, inner = config.hidden_size, config.intermediate_size
        size = getattr(config, "head_dim", None) or hidden // config.num_attention_heads
        attention, kept = config.num_attention_heads * size, config.num_key_value_heads * size
        return cls(
            layer=2 * hidden * attention + 2 * hidden * kept + 3 * hidden * inner,
            layers=config.num_hidden_layers,
            head=hidden * config.vocab_size,
            attention=attention,
        )


def measured(shapes: list[tuple[int, int, int]]) -> Machine:
    """The fastest product of some shapes, and the fastest copy; the best of many tries each."""
    best = 0.0
    for rows, inner, columns in shapes:
        one, other = torch.randn(rows, inner), torch.randn(inner, columns)
        seconds = min(_seconds(lambda a=one, b=other: a @ b) for _ in range(20))
        best = max(best, 2 * rows * inner * columns / seconds)
    large = torch.randn(1 << 24)
    copied = 2 * large.nbytes / min(_seconds(large.clone) for _ in range(10))
    return Machine(operations=best, copied=copied)


def training_limit(world: World, cells: list[Cell], chat: Chat, machine: Machine) -> float:
    """Forward, and backward without the frozen weights' gradients: four operations a weight."""
    shape = Shape.of(world.base.location)
    rows = [chat.row(each) for each in world.rows]
    tokens, targets = sum(len(row.tokens) for row in rows), sum(row.targets for row in rows)
    seen = sum(len(row.tokens) ** 2 for row in rows)
    once = 4 * (shape.layers * shape.layer * tokens + shape.head * targets)
    once += 3 * 2 * shape.layers * shape.attention * seen
    return once * sum(cell.epochs for cell in cells) / machine.operations


def answering_limit(world: World, outcome: Outcome, chat: Chat, machine: Machine) -> float:
    """Two operations a weight for each token read or said; the weights are read all the time."""
    shape = Shape.of(world.base.location)
    prompts = [len(chat.prompt(one.question.messages)) for one in world.requests(world.base, "")]
    operations = 0.0
    for said in outcome.said.values():
        for read, answer in zip(prompts, said, strict=True):
            steps = min(len(answer) + 1, world.max_tokens) - 1
            operations += 2 * shape.layers * shape.layer * (read + steps)
            operations += 2 * shape.head * (steps + 1)
            operations += 2 * shape.layers * shape.attention * read**2
            operations += 4 * shape.layers * shape.attention * steps * (read + steps / 2)
    return operations / machine.operations


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began
