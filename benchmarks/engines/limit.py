"""The least time that cells can take: their arithmetic at the speed of the fastest product.

The derivation is in ``docs/performance.md``.
"""

import time
from dataclasses import dataclass
from os.path import commonprefix

import torch
from transformers import AutoConfig

from ftbench_hf.chat import Chat
from ftbench_hf.packed import packed

from .outcome import Outcome
from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What one thread can do at best, as measured now."""

    operations: float
    """Floating-point operations a second, in 32 bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A model's sizes, as far as its arithmetic goes."""

    hidden: int
    inner: int
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
            hidden=hidden,
            inner=inner,
            layer=2 * hidden * attention + 2 * hidden * kept + 3 * hidden * inner,
            layers=config.num_hidden_layers,
            head=hidden * config.vocab_size,
            attention=attention,
        )


def measured(shapes: list[tuple[int, int, int]]) -> Machine:
    """The fastest product of some shapes, in torch's order or oneDNN's; the best of many tries."""
    best = 0.0
    for rows, inner, columns in shapes:
        seen, layer = torch.randn(rows, inner), torch.nn.Linear(inner, columns, bias=False)
        with torch.inference_mode():
            seconds = [_seconds(layer, seen) for _ in range(20)]
            with packed(layer):
                seconds += [_seconds(layer, seen) for _ in range(20)]
        best = max(best, 2 * rows * inner * columns / min(seconds))
    return Machine(operations=best)


def training_limit(world: World, epochs: int, chat: Chat, machine: Machine) -> float:
    """Forward, and backward without the frozen weights' gradients: four operations a weight.

    What all rows begin with, before anything is learned, is read once a step.
    """
    shape = Shape.of(world.base.location)
    rows = [chat.row(each) for each in world.rows]
    shared = min(
        len(commonprefix([row.tokens for row in rows])),
        *(row.learned.index(True) - 1 for row in rows),
    )
    targets = sum(row.targets for row in rows)
    tokens = shared + sum(len(row.tokens) - shared for row in rows)
    seen = shared**2 + sum(len(row.tokens) ** 2 - shared**2 for row in rows)
    once = 4 * (shape.layers * shape.layer * tokens + shape.head * targets)
    once += 3 * 2 * shape.layers * shape.attention * seen
    return once * epochs / machine.operations


def answering_limit(world: World, outcome: Outcome, chat: Chat, machine: Machine) -> float:
    """Two operations a weight for each token read or said; what all prompts share is read once."""
    shape = Shape.of(world.base.location)
    prompts = [chat.prompt(one.question.messages) for one in world.requests(world.base, "")]
    shared = len(commonprefix(prompts))
    operations = 0.0
    for said in outcome.said.values():
        operations += 2 * shape.layers * (shape.layer * shared + shape.attention * shared**2)
        for prompt, answer in zip(prompts, said, strict=True):
            read, steps = len(prompt), min(len(answer) + 1, world.max_tokens) - 1
            operations += 2 * shape.layers * shape.layer * (read - shared + steps)
            operations += 2 * shape.head * (steps + 1)
            operations += 2 * shape.layers * shape.attention * (read**2 - shared**2)
            operations += 4 * shape.layers * shape.attention * steps * (read + steps / 2)
    return operations / machine.operations


def _seconds(layer: torch.nn.Linear, seen: torch.Tensor) -> float:
    began = time.process_time()
    layer(seen)
    return time.process_time() - began
