"""Turns words such as ``judge=[a,b] judge.a.option=1`` into judges, without a run around them."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog
from ftbench.roles import Judge

from .hydra_calls import split_words, taken_of_hydra

_OPTIONS = ("--config-dir", "-cd")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenJudges:
    """The judges that were chosen, by the names that their verdicts are filed under, in order."""

    judges: dict[str, Judge]
    composed: dict[str, dict[str, Any]]
    """The options of each as plain data."""


def compose_judges(arguments: Sequence[str], catalog: Catalog) -> ChosenJudges:
    """Let Hydra compose judges exactly as for a run.

    Raises the exceptions of Hydra and OmegaConf as they are, and UsageError for a word that is
    not about judges, or where none is chosen.
    """
    options, overrides = split_words(arguments)
    for word in overrides:
        if not is_about_judges(word):
            raise UsageError(
                f"{word!r} is not about judges: a finished run keeps everything else. "
                "Write judge=NAME and judge.NAME.option=VALUE."
            )
    if strange := [word for word in options[::2] if word.partition("=")[0] not in _OPTIONS]:
        raise UsageError(f"A run is judged once, by all of judge=[a,b], without {strange[0]}.")
    nobody = [] if any(_group(word) == "judge" for word in overrides) else ["judge=[]"]
    (chosen,) = taken_of_hydra(["~model", *nobody, *overrides, *options], catalog, _judges)
    if not chosen.judges:
        known = ", ".join(catalog.components["judge"]) or "none"
        raise UsageError(f"Say who judges: judge=NAME. Judges: {known}.")
    return chosen


def is_about_judges(word: str) -> bool:
    """Whether an override chooses a judge or sets one of its options."""
    return _group(word) in ("judge", "judge@judge") or _group(word).startswith(
        ("judge.", "judge@judge.")
    )


def _group(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")


def _judges(composed: DictConfig) -> ChosenJudges:
    resolved = deepcopy(composed)
    OmegaConf.resolve(resolved)
    plain = OmegaConf.to_container(resolved.judge, enum_to_str=True)
    judges = OmegaConf.to_object(resolved.judge)
    assert isinstance(judges, dict)
    assert isinstance(plain, dict)
    return ChosenJudges(
        judges={str(name): judge for name, judge in judges.items()},
        composed={str(name): options for name, options in plain.items()},
    )
