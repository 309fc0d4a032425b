"""Who speaks in one batch: a base with its adapters side by side, or a model alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from ftbench.records import Model

from .adapter_stack import stack_of, stands_beside_others
from .adapters import attached
from .engine import Engine
from .loading import Loaded, Residence
from .slots import has_slots
from .stacked import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A network ready to be asked."""

    loaded: Loaded
    numbers: Mapping[str, int | None]
    """By the digest of each model that speaks: its number in the stack; None for the base."""
    stack: Stack | None = None
    is_in_flight: bool = False


def speakers(
    residence: Residence, models: Sequence[Model], *, engine: Engine, adapters: int
) -> Iterator[AbstractContextManager[Speaker]]:
    """Everyone who is to be asked, with at most so many adapters side by side."""
    for base, own in _by_base(models).values():
        loaded = residence.base(base)
        in_flight = engine is Engine.auto and has_slots(loaded.network.config)
        beside = [one for one in own if in_flight and stands_beside_others(loaded, one)]
        is_asked = any(model.digest == base.digest for model in models)
        for start in range(0, len(beside), max(1, adapters)):
            part = beside[start : start + max(1, adapters)]
            yield _side_by_side(loaded, base if is_asked and start == 0 else None, part)
        if is_asked and not beside:
            yield _bare(loaded, base, is_in_flight=in_flight)
        for adapter in own:
            if adapter not in beside:
                yield _alone(residence.base(base), adapter)


def _by_base(models: Sequence[Model]) -> dict[str, tuple[Model, list[Model]]]:
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
    loaded: Loaded, base: Model | None, adapters: Sequence[Model]
) -> Iterator[Speaker]:
    stack = stack_of(loaded, adapters)
    numbers: dict[str, int | None] = {one.digest: place for place, one in enumerate(adapters)}
    if base is not None:
        numbers[base.digest] = None
    with stack.attached():
        yield Speaker(loaded=loaded, numbers=numbers, stack=stack, is_in_flight=True)


@contextmanager
def _bare(loaded: Loaded, model: Model, *, is_in_flight: bool) -> Iterator[Speaker]:
    yield Speaker(loaded=loaded, numbers={model.digest: None}, is_in_flight=is_in_flight)


@contextmanager
def _alone(loaded: Loaded, adapter: Model) -> Iterator[Speaker]:
    with attached(loaded, adapter) as with_adapter:
        yield Speaker(loaded=with_adapter, numbers={adapter.digest: None})
