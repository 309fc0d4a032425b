"""Runs -> curves along whatever number varies between runs that are alike in all else."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .points import RATE, Point, called, points_of
from .runs import Run

_AXES = ("attack.", "dataset.", "defense.", "finetune.")
"""Where the numbers are whose effect is of interest."""
_TOLD = ("model", "suite", "backend", "judge", "seed")
"""What is said of a line in words, where lines differ in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """The harmfulness rate after training, along one setting."""

    axis: str
    """As typed on the command line, such as finetune.learning_rate."""
    points: tuple[Point, ...]


def along_axes(runs: Sequence[Run]) -> Iterator[Along]:
    """One curve figure for every number that varies; a line joins runs alike in all else.

    Seeds are settings too: those of one experiment are lines of their own, and their sum is one
    more. Runs whose settings nobody knows are in no line.
    """
    known = [(run, run.settings) for run in runs if run.settings is not None]
    names = {name for _, told in known for name, value in told.items() if _is_axis(name, value)}
    for axis in sorted(names):
        lines = _lines(axis, known)
        points = [
            point
            for name, line in zip(_names(axis, lines), lines, strict=True)
            for run, told in line
            for point in _tuned(name, float(told[axis]), run)
        ]
        if points:
            ordered = sorted(points, key=lambda one: (one.series, one.at))
            yield Along(axis=axis, points=tuple(ordered))


_Known = tuple[Run, Mapping[str, Any]]


def _lines(axis: str, known: Sequence[_Known]) -> list[list[_Known]]:
    """The runs that differ in nothing but their place along an axis, where at least two do."""
    groups: dict[tuple[tuple[str, str], ...], list[_Known]] = {}
    for run, told in known:
        if _is_axis(axis, told.get(axis)):
            others = tuple(sorted((k, str(v)) for k, v in told.items() if k != axis))
            groups.setdefault(others, []).append((run, told))
    return [line for line in groups.values() if len({told[axis] for _, told in line}) > 1]


def _names(axis: str, lines: Sequence[Sequence[_Known]]) -> list[str]:
    """What each line is called: what was done, and what tells it from the other lines.

    Only choices, seeds and numbers are told: other settings, such as paths, may be private.
    """
    first = [line[0] for line in lines]
    every = {key for _, told in first for key in told if key != axis}
    differing = sorted(key for key in every if len({str(told.get(key)) for _, told in first}) > 1)
    names = [
        ", ".join([called(run.result), *filter(None, (_words(key, told) for key in differing))])
        for run, told in first
    ]
    times = Counter(names)
    return [
        f"{name} ({run.result.run})" if times[name] > 1 else name
        for name, (run, _) in zip(names, first, strict=True)
    ]


def _words(key: str, told: Mapping[str, Any]) -> str:
    value = told.get(key)
    if key in _TOLD:
        return f"{key}s {value}" if ", " in str(value) else f"{key} {value}"
    return f"{key} {value:g}" if _is_axis(key, value) else ""


def _tuned(series: str, at: float, run: Run) -> list[Point]:
    row = run.result.headline("tuned")
    return points_of(series, at, row.columns.get(RATE)) if row else []


def _is_axis(name: str, value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and name.startswith(_AXES)
