"""Who speaks in one batch: a base with its adapters side by side, or a model alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import ClassVar

from ftbench.records import Model

from .adapter_stack import stack_of, stands_beside_others
from .adapters import attached
from .asks import Ask
from .choosing import Choice, own_choice
from .continuous import can_be_continuous, decode_continuously
from .engine import Engine
from .flight_attention import ATTENTION
from .generation import decode
from .in_flight import decode_in_flight
from .likelihood import Likelihood, likelihoods
from .loading import Loaded, Residence
from .rows import Answer, Prompt
from .stacked import Stack

_ODD = "an adapter that is no plain low-rank one is asked alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker(ABC):
    """One or several models that are asked in one go."""

    numbers: Mapping[str, int | None]
    """By the digest of each model that speaks: its number among the adapters; None for the base."""
    choice: Choice
    takes_all: ClassVar[bool] = False
    """Whether it is given all prompts at once, and fits them into memory itself."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, str]:
        """What else may change a number: for the record."""

    @abstractmethod
    def decode(self, prompts: Sequence[Prompt], *, budget: int) -> Iterator[Answer]:
        """Answer, with at most so many tokens in memory at once where it makes the batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InBatches(Speaker):
    """A model alone, a batch at a time."""

    loaded: Loaded

    @property
    def facts(self) -> dict[str, str]:
        """In which precision, on what, and how attention is computed."""
        network = self.loaded.network
        return {
            "precision": str(network.dtype).removeprefix("torch."),
            "device": self.loaded.device.type,
            "attention": self.attention,
        }

    @property
    def attention(self) -> str:
        """How it is computed."""
        return str(self.loaded.network.config._attn_implementation)

    def decode(self, prompts: Sequence[Prompt], *, budget: int) -> Iterator[Answer]:
        """Answer one batch."""
        return decode(self.loaded, prompts)

    def rate(self, asks: Sequence[Ask]) -> list[Likelihood]:
        """The likelihood of each continuation, in one batch."""
        return likelihoods(self.loaded, [ask.row for ask in asks if ask.row])


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuously(InBatches):
    """A model alone, by the continuous batching of transformers."""

    takes_all: ClassVar[bool] = True

    def decode(self, prompts: Sequence[Prompt], *, budget: int) -> Iterator[Answer]:
        """Answer them all."""
        return decode_continuously(self.loaded, prompts, budget=budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight(InBatches):
    """A base and its adapters, whose rows come and go."""

    takes_all: ClassVar[bool] = True
    stack: Stack | None = None

    @property
    def attention(self) -> str:
        """How it is computed."""
        return ATTENTION

    def decode(self, prompts: Sequence[Prompt], *, budget: int) -> Iterator[Answer]:
        """Answer them all."""
        return decode_in_flight(self.loaded, prompts, budget=budget, stack=self.stack)

    def rate(self, asks: Sequence[Ask]) -> list[Likelihood]:
        """The likelihood of each continuation, each by its own adapter."""
        if self.stack is not None:
            self.stack.route([ask.adapter for ask in asks])
        return InBatches.rate(self, asks)


Speaking = AbstractContextManager[InBatches]


def speakers(
    residence: Residence, models: Sequence[Model], *, engine: Engine, adapters: int
) -> Iterator[Speaking]:
    """Everyone who is to be asked here, with at most so many adapters side by side."""
    for base, own in by_base(models).values():
        loaded = residence.base(base)
        choice = own_choice(engine, loaded.network)
        in_flight = choice.engine is Engine.in_flight
        beside = [one for one in own if in_flight and stands_beside_others(loaded, one)]
        is_asked = any(model.digest == base.digest for model in models)
        for start in range(0, len(beside), max(1, adapters)):
            part = beside[start : start + max(1, adapters)]
            yield _side_by_side(loaded, base if is_asked and start == 0 else None, part, choice)
        if is_asked and not beside:
            yield _bare(loaded, base, choice)
        for adapter in own:
            if adapter not in beside:
                yield _alone(residence.base(base), adapter, choice)


def by_base(models: Sequence[Model]) -> dict[str, tuple[Model, list[Model]]]:
    """Each model with weights of its own, and the adapters of it."""
    found: dict[str, tuple[Model, list[Model]]] = {}
    for model in models:
        base = model.base or model
        _, adapters = found.setdefault(base.digest, (base, []))
        if model.base is not None:
            adapters.append(model)
    return found


@contextmanager
def _side_by_side(
    loaded: Loaded, base: Model | None, adapters: Sequence[Model], choice: Choice
) -> Iterator[InBatches]:
    stack = stack_of(loaded, adapters)
    numbers: dict[str, int | None] = {one.digest: place for place, one in enumerate(adapters)}
    if base is not None:
        numbers[base.digest] = None
    with stack.attached():
        yield InFlight(loaded=loaded, numbers=numbers, stack=stack, choice=choice)


@contextmanager
def _bare(loaded: Loaded, model: Model, choice: Choice) -> Iterator[InBatches]:
    kinds: dict[Engine, Callable[..., InBatches]] = {
        Engine.in_flight: InFlight,
        Engine.continuous: Continuously,
        Engine.batches: InBatches,
    }
    yield kinds[choice.engine](loaded=loaded, numbers={model.digest: None}, choice=choice)


@contextmanager
def _alone(loaded: Loaded, adapter: Model, choice: Choice) -> Iterator[InBatches]:
    with attached(loaded, adapter) as with_adapter:
        is_continuous = choice.engine is Engine.continuous and can_be_continuous(with_adapter)
        if not is_continuous and choice.engine is not Engine.batches:
            choice = Choice(engine=Engine.batches, why=_ODD)
        with _bare(with_adapter, adapter, choice) as speaker:
            yield speaker
