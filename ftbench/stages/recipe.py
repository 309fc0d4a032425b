"""Who decides the hyper-parameters: user, then attack or dataset, then method; with the origin."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftbench.config.schema import FineTuneConfig
from ftbench.errors import UsageError
from ftbench.records import Recipe, TrainingSet

FIELDS = ("epochs", "learning_rate", "batch_size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Every hyper-parameter, and where its value comes from."""

    values: Recipe
    origins: Mapping[str, str] = field(default_factory=dict)
    """By field, in words such as "10 (identity_shift: Qi et al. 2024, section 4.3)"."""


def decide(finetune: FineTuneConfig, training_set: TrainingSet) -> Decided:
    """The first of user, training set and method that says something decides, field by field.

    Raises UsageError for a learning rate that is no number.
    """
    if finetune.learning_rate is not None and not math.isfinite(finetune.learning_rate):
        raise UsageError(
            f"finetune.learning_rate={finetune.learning_rate} is no rate. "
            "Give a number, such as 1e-4."
        )
    method = finetune.method
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name in FIELDS:
        given = getattr(finetune, name)
        own = getattr(training_set.recipe, name)
        if given is not None:
            values[name], origin = given, "the user"
        elif own is not None:
            values[name], origin = own, _origin(training_set.name, training_set.recipe)
        else:
            values[name], origin = getattr(method.recipe, name), _origin(method.name, method.recipe)
        origins[name] = f"{_shown(values[name])} ({origin})"
    return Decided(values=Recipe(**values), origins=origins)


def chosen_by_user(finetune: FineTuneConfig) -> tuple[str, ...]:
    """The fields that the user set, and "method" where a setting of the method is not the usual."""
    given = [name for name in FIELDS if getattr(finetune, name) is not None]
    given += ["keep"] if finetune.keep else []
    given += ["method"] if finetune.method != type(finetune.method)() else []
    return tuple(given)


def _origin(name: str, recipe: Recipe) -> str:
    return f"{name}: {recipe.source}" if recipe.source else name


def _shown(value: float | None) -> str:
    return "not given" if value is None else f"{value:g}"
