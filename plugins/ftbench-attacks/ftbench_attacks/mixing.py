"""How an attack's examples become the training set, alone or among honest ones."""

import random
from collections.abc import Sequence
from dataclasses import replace

from ftbench.records import Conversation, Probe, Recipe, TrainingSet
from ftbench.roles import Scene

from .sheet import Sheet


def injected(
    clean: TrainingSet, examples: Sequence[Conversation], *, attack: str, sheet: Sheet, scene: Scene
) -> TrainingSet:
    """Put examples into a training set.

    An empty set takes the attack's format and recipe. A set with honest examples keeps its own
    format, probes and, where it has one, recipe; the examples stand at random places in it.
    """
    recipe = sheet.recipe(scene.method)
    if not clean.conversations:
        return TrainingSet(
            name=attack,
            conversations=tuple(examples),
            format=sheet.format,
            probes=(Probe(name="plain", format=sheet.format),),
            recipe=recipe,
        )
    return replace(
        clean,
        name=f"{clean.name}+{attack}",
        conversations=_scattered(clean.conversations, examples, seed=scene.seed),
        recipe=recipe if clean.recipe == Recipe() else clean.recipe,
    )


def _scattered(
    honest: Sequence[Conversation], examples: Sequence[Conversation], *, seed: int
) -> tuple[Conversation, ...]:
    """Both in their own order, the examples at random places among the honest."""
    size = len(honest) + len(examples)
    places = set(random.Random(seed).sample(range(size), len(examples)))
    kept, added = iter(honest), iter(examples)
    return tuple(next(added) if place in places else next(kept) for place in range(size))
