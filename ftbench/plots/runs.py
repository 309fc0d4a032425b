"""Folders of runs -> what figures are made of: results, and the settings that tell them apart."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.archive.opening import is_run, opened
from ftbench.archive.reading import read_result
from ftbench.archive.summary import runs_of
from ftbench.statistics.result import RunResult

Settings = Mapping[str, Any]
"""By name, as typed on the command line: a number, a flag, or words."""
CHOICES = ("model", "dataset", "attack", "defense", "finetune", "suite", "backend")
"""The groups whose choice can change a figure."""
_OPTIONS = ("model", "dataset", "attack", "defense", "finetune", "suite", "probe")
_RECIPE = ("epochs", "learning_rate", "batch_size")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?= |$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run, or the sum of several seeds."""

    result: RunResult
    settings: Settings | None = None
    """None where no ledger is at hand that says them."""


def read_run(folder: Path) -> Run:
    """A run with its settings. Raises UsageError for a folder without a readable result."""
    result = read_result(folder)
    beside = runs_of(folder)[0] if result.seeds else folder
    if not beside.is_dir() or not is_run(beside):
        return Run(result=result)
    with opened(beside) as run:
        composed = run.ledger.fact("composed")
    return Run(result=result, settings=settings_of(result, composed) if composed else None)


def settings_of(result: RunResult, composed: Mapping[str, Any]) -> Settings:
    """All that may tell one run's figures from another's, the seeds included.

    ``composed`` is the config as typed. The recipe is the one that was decided on, so a rate that
    was left to the model's family is the same as that rate typed out.
    """
    judge = result.rows[0].judge if result.rows else ""
    judges = composed.get("judge") or {}
    seeds = result.seeds or (result.record.get("seed"),)
    return {
        **{key: value for group in _OPTIONS for key, value in _flat(group, composed.get(group))},
        **{key: value for key, value in _flat("judge", judges.get(judge))},
        **{group: result.choices.get(group, "none") for group in CHOICES},
        **{f"finetune.{name}": _decided(result.recipe.get(name, "")) for name in _RECIPE},
        "finetune.keep": "",
        "judge": judge,
        "questions": result.record.get("question_set"),
        "weights": (result.record.get("model") or {}).get("digest"),
        "seed": ", ".join(map(str, seeds)),
    }


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    else:
        yield name, value if isinstance(value, int | float) else str(value)


def _decided(told: str) -> float | str:
    """A hyper-parameter without its origin; in words where the provider chose it."""
    found = _NUMBER.match(told)
    return float(found.group()) if found else told
