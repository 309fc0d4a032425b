"""Finished runs at a glance: what was chosen and what came of it, from the public file alone.

Nothing slow is imported for it: hundreds of runs are listed in a moment.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.errors import UsageError

RESULT = "public/result.json"
CONFIG = "private/config.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One finished run, or sum over seeds."""

    folder: Path
    choices: Mapping[str, str]
    seeds: tuple[int, ...]
    started: str
    outcome: str
    base: Mapping[str, float | None]
    """The headline figures by column: first judge, first probe."""
    tuned: Mapping[str, float | None]
    """Of the last checkpoint; empty where there is no tuned model."""
    recipe: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """One thing in which two runs differ."""

    kind: str
    """config, recipe or result."""
    name: str
    first: str
    second: str


def listed(places: Sequence[Path]) -> list[Listed]:
    """The finished runs of folders, by name. Raises UsageError where a place is none."""
    return sorted((_read(folder) for folder in _folders(places)), key=lambda one: one.name)


def _folders(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if not place.is_dir():
            raise UsageError(f"There is no folder {place}. Name a run, or a folder of runs.")
        inside = [place] if (place / RESULT).is_file() else list(place.iterdir())
        yield from (folder for folder in inside if (folder / RESULT).is_file())


def _read(folder: Path) -> Listed:
    try:
        told = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        record, rows = told["record"], told["rows"]
        return Listed(
            folder=folder,
            choices=told["choices"],
            seeds=tuple(told["seeds"] or [record["seed"]]),
            started=record.get("started", ""),
            outcome=told["outcome"],
            base=_headline(rows, "base"),
            tuned=_headline(rows, "tuned"),
            recipe=told["recipe"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder / RESULT} cannot be read as a result. `ftbench verify {folder}` says more."
        ) from error


def _headline(rows: Sequence[Mapping[str, Any]], subject: str) -> dict[str, float | None]:
    """The figures under the first judge and the first probe, of the last checkpoint."""
    mine = [row for row in rows if row["subject"] == subject]
    if not mine:
        return {}
    first = (mine[0]["judge"], mine[0]["probe"])
    alike = [row for row in mine if (row["judge"], row["probe"]) == first]
    last = max(alike, key=lambda row: row["checkpoint"] or 0)
    return {name: measure["value"] for name, measure in last["columns"].items()}


def matches(one: Listed, wanted: Mapping[str, str]) -> bool:
    """Whether a run was made with these choices; a part of a name is enough."""
    told = {**one.choices, "seed": ",".join(map(str, one.seeds)), "outcome": one.outcome}
    return all(text in told.get(name, "") for name, text in wanted.items())


def differing(first: Listed, second: Listed) -> list[Differing]:
    """In what two runs differ: their whole config, their recipe, and what came of them."""
    sides = [(_config(one), dict(one.recipe), _figures(one)) for one in (first, second)]
    return [
        Differing(kind=kind, name=name, first=a.get(name, "–"), second=b.get(name, "–"))
        for kind, a, b in zip(("config", "recipe", "result"), *sides, strict=True)
        for name in dict.fromkeys([*a, *b])
        if a.get(name) != b.get(name)
    ]


def _config(one: Listed) -> dict[str, str]:
    """Choices, and where the run lies here every option by its dotted name."""
    import yaml  # noqa: PLC0415, slow to import

    path = one.folder / CONFIG
    options = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    flat = {name: value for name, value in _flat(options or {}, "") if name != "runs"}
    return {**one.choices, **flat}


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, "null" if value is None else str(value)


def _figures(one: Listed) -> dict[str, str]:
    told = {"outcome": one.outcome}
    for subject, columns in (("base", one.base), ("tuned", one.tuned)):
        told |= {f"{subject} {n}": f"{v:.3f}" for n, v in columns.items() if v is not None}
    return told
