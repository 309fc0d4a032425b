"""What makes runs the same experiment but for their seed, and entries comparable."""

import json
from collections.abc import Mapping
from typing import Any

from ftbench.digest import digest

from .schema import Run

USER = "(the user)"
"""Ends the value of a hyper-parameter that the submitter chose."""
_SETTLED = ("model", "components", "judges", "prompt_set", "limit", "recipe", "outcome")


def experiment(run: Run) -> str:
    """The digest of everything that runs of one entry must have in common."""
    about = run.model_dump(include=set(_SETTLED))
    about["judges"] = {name: one["identity"] for name, one in about["judges"].items()}
    sheets = [(one.subject, one.checkpoint, one.probe, one.only) for one in run.sheets]
    return digest(about, sheets)


def differing(first: Run, second: Run) -> str:
    """In what two runs differ besides their seed, in a word; empty where in nothing."""
    one, other = first.model_dump(), second.model_dump()
    for part in _SETTLED:
        if part == "judges":
            sides = [{n: j["identity"] for n, j in run[part].items()} for run in (one, other)]
            if sides[0] != sides[1]:
                return part
        elif one[part] != other[part]:
            return part
    return "sheets" if experiment(first) != experiment(second) else ""


def acting(run: Run, role: str) -> list[str]:
    """The names of who acts in a role, in order; without those that do nothing."""
    return [one.name for one in run.components if one.role == role and one.name != "none"]


def settings(run: Run, role: str) -> Mapping[str, str]:
    """The options of who acts in a role."""
    found: dict[str, str] = {}
    for one in run.components:
        if one.role == role:
            found |= one.settings
    return found


def track(run: Run, *, judge: str, probe: str, comparability: int) -> dict[str, Any]:
    """What entries must have in common to be ranked together: how they were attacked and judged.

    Models and defenses differ within a track, attacks never do. A hyper-parameter counts where the
    submitter chose it; where the attack says it, its value may differ from model to model.
    """
    chosen = {name: text for name, text in run.recipe.items() if text.endswith(USER)}
    return {
        "comparability": comparability,
        "prompt_set": run.prompt_set,
        "judge": run.judges[judge].identity if judge in run.judges else judge,
        "probe": probe,
        "dataset": [acting(run, "dataset"), dict(settings(run, "dataset"))],
        "attack": [acting(run, "attack"), dict(settings(run, "attack"))],
        "recipe": chosen,
    }


def stable(value: Any) -> str:
    """A short name of content, for the name of a page."""
    return digest(json.loads(json.dumps(value, sort_keys=True)))[:12]
