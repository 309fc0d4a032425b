"""The least time that cells can take: their arithmetic at the speed of the fastest product, and
their weights, keys and values at the speed of memory.

The derivation is in ``docs/performance.md``.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os.path import commonprefix

from transformers import AutoConfig

from ftbench_hf.chat import Chat, EncodedRow

from .outcome import Outcome
from .world import World

_RESERVED = 0.08
"""The share of a card's memory that no row can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What it can do at best."""

    operations: float
    """Floating-point operations a second."""
    bandwidth: float = math.inf
    """Bytes of memory a second; where many rows go together on a CPU, arithmetic is the limit."""
    memory: int | None = None
    """Bytes; None where it is no limit."""


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
    kept: int
    """Key-value heads times their size."""

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
            kept=kept,
        )

    @property
    def weights(self) -> int:
        """All that multiply."""
        return self.layers * self.layer + self.head


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A prompt of so many tokens, and the tokens that were said after the first."""

    read: int
    shared: int
    """Of the prompt, the tokens that all of a model's prompts begin with."""
    steps: int


def answered(prompts: Sequence[Sequence[int]], said: Iterable[int], most: int) -> list[Answered]:
    """Prompts of one model, and how many tokens it said to each, at most so many."""
    shared = len(commonprefix([list(prompt) for prompt in prompts]))
    return [
        Answered(read=len(prompt), shared=shared, steps=min(count + 1, most) - 1)
        for prompt, count in zip(prompts, said, strict=True)
    ]


def reading_operations(shape: Shape, rows: Sequence[Answered]) -> float:
    """Two a weight for each token of prompts; what all prompts share is read once."""
    shared = rows[0].shared
    once = shape.layer * shared + shape.attention * shared**2
    own = sum(
        shape.layer * (row.read - shared) + shape.attention * (row.read**2 - shared**2)
        for row in rows
    )
    return 2 * shape.layers * (once + own) + 2 * shape.head * len(rows)


def saying_operations(shape: Shape, rows: Sequence[Answered]) -> float:
    """Two a weight for each token that is said after the first, and attention to what was before.

    The weights of a vocabulary count as any others.
    """
    return sum(
        2 * shape.weights * row.steps
        + 4 * shape.layers * shape.attention * row.steps * (row.read + row.steps / 2)
        for row in rows
    )


def answering_limit(world: World, outcome: Outcome, chat: Chat, machine: Machine) -> float:
    """Where many rows go together on a CPU: arithmetic alone."""
    shape = Shape.of(world.base.location)
    prompts = [chat.prompt(one.question.messages) for one in world.requests(world.base, "")]
    models = [answered(prompts, map(len, said), world.max_tokens) for said in outcome.said.values()]
    operations = sum(
        reading_operations(shape, rows) + saying_operations(shape, rows) for rows in models
    )
    return operations / machine.operations


def card_limit(
    shape: Shape, models: Sequence[Sequence[Answered]], machine: Machine, *, itemsize: int
) -> float:
    """Of answers whose rows all go together, as far as they fit: arithmetic or memory.

    Each step reads all weights once, and the keys and values of every row.
    """
    every = [row for rows in models for row in rows]
    token = 2 * shape.layers * shape.kept * itemsize
    reading = sum(reading_operations(shape, rows) for rows in models) / machine.operations
    saying = sum(saying_operations(shape, rows) for rows in models) / machine.operations
    remembered = sum(row.steps * (row.read + row.steps / 2) for row in every) * token
    steps = max(row.steps for row in every) * _times(shape, every, machine, itemsize, token)
    fetched = (shape.weights * itemsize * steps + remembered) / machine.bandwidth
    return reading + max(saying, fetched)


def training_operations(shape: Shape, rows: Sequence[EncodedRow], *, together: bool) -> float:
    """Of an epoch: forward, and backward without the frozen weights' gradients, four a weight.

    ``together``: what all rows begin with, before anything is learned, is read once a step.
    """
    shared = 0
    if together:
        shared = min(
            len(commonprefix([row.tokens for row in rows])),
            *(row.learned.index(True) - 1 for row in rows),
        )
    targets = sum(row.targets for row in rows)
    tokens = shared + sum(len(row.tokens) - shared for row in rows)
    seen = shared**2 + sum(len(row.tokens) ** 2 - shared**2 for row in rows)
    once = 4 * (shape.layers * shape.layer * tokens + shape.head * targets)
    return once + 3 * 2 * shape.layers * shape.attention * seen


def training_limit(world: World, epochs: int, chat: Chat, machine: Machine) -> float:
    """Of batches that have all rows: arithmetic alone."""
    rows = [chat.row(each) for each in world.rows]
    once = training_operations(Shape.of(world.base.location), rows, together=True)
    return once * epochs / machine.operations


def _times(
    shape: Shape, rows: Sequence[Answered], machine: Machine, itemsize: int, token: int
) -> float:
    """How often all weights are read for one step of all rows: in so many parts they fit."""
    if machine.memory is None:
        return 1.0
    room = max(row.read + row.steps + 1 for row in rows) * token
    free = (1 - _RESERVED) * machine.memory - shape.weights * itemsize
    return max(1.0, len(rows) * room / max(free, room))
