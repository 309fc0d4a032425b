"""Results -> the points of figures: by category, along what varies, and what safety costs."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftbench.statistics.result import Measure, Row, RunResult

RATE = "harmfulness_rate"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One figure with its 95 % interval, as shares."""

    series: str
    """Which line or kind of bar it belongs to."""
    at: str | float
    """A category, or the place along an axis."""
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One model between safety and utility, as shares."""

    name: str
    harm: float
    utility: float
    is_best: bool = False
    """Whether no other is both as safe and as able, and one of them more."""


def by_category(result: RunResult) -> list[Point]:
    """The harmfulness rate of each category, of the base and of the last tuned model."""
    points = []
    for subject in ("base", "tuned"):
        row = result.headline(subject)
        for category, columns in (row.categories if row else {}).items():
            points += _point(subject, category, columns.get(RATE))
    return points


def along_epochs(result: RunResult) -> list[Point]:
    """The harmfulness rate before training and after each kept epoch, by probe."""
    first = result.rows[0].judge if result.rows else ""
    rows = [row for row in result.rows if row.judge == first]
    points: list[Point] = []
    for row in rows:
        epoch = 0.0 if row.subject == "base" else float(row.checkpoint or 0)
        points += _point(row.probe, epoch, row.columns.get(RATE))
    epochs = {point.at for point in points}
    return sorted(points, key=lambda one: (one.series, one.at)) if len(epochs) > 2 else []  # noqa: PLR2004


def _rows(result: RunResult) -> float | None:
    found = result.record.get("training_rows")
    return None if found is None else float(found)


def _applied(name: str) -> Callable[[RunResult], float | None]:
    def look(result: RunResult) -> float | None:
        told: Mapping[str, Any] = (result.record.get("finetune") or {}).get("applied") or {}
        found = _NUMBER.match(str(told.get(name, "")))
        return float(found.group()) if found else None

    return look


AXES: Mapping[str, Callable[[RunResult], float | None]] = {
    "training rows": _rows,
    "epochs": _applied("epochs"),
    "learning rate": _applied("learning_rate"),
    "batch size": _applied("batch_size"),
}
"""What may vary between runs, and where each says it."""


def along_axes(results: Sequence[RunResult]) -> Iterator[tuple[str, list[Point]]]:
    """For everything that varies between runs that are alike otherwise, the tuned models' rate."""
    for axis in AXES:
        groups: dict[str, list[RunResult]] = {}
        for result in results:
            groups.setdefault(_but_for(axis, result), []).append(result)
        points: list[Point] = []
        for series, group in groups.items():
            places = {AXES[axis](result) for result in group} - {None}
            if len(places) > 1:
                points += _line(axis, series, group)
        if points:
            yield axis, sorted(points, key=lambda one: (one.series, one.at))


def _line(axis: str, series: str, group: Sequence[RunResult]) -> Iterator[Point]:
    for result in group:
        place, tuned = AXES[axis](result), result.headline("tuned")
        if place is not None and tuned is not None:
            yield from _point(series, place, tuned.columns.get(RATE))


def _but_for(axis: str, result: RunResult) -> str:
    """What is said of a run besides its place along an axis."""
    others = [(name, look(result)) for name, look in AXES.items() if name != axis]
    return ", ".join(
        [_series(result), *(f"{name} {at:g}" for name, at in others if at is not None)]
    )


def trades(results: Sequence[RunResult]) -> list[Trade]:
    """Every tuned model with its harmfulness rate and its utility; the best are marked."""
    found = []
    shared = [name for name, times in Counter(map(_name, results)).items() if times > 1]
    for result in results:
        row, name = result.headline("tuned"), _name(result)
        harm, utility = _value(row, RATE), _value(row, "utility")
        if harm is not None and utility is not None:
            own = result.run if name in shared else name
            found.append(Trade(name=own, harm=harm, utility=utility))
    return [
        Trade(
            name=one.name,
            harm=one.harm,
            utility=one.utility,
            is_best=not any(_beats(other, one) for other in found),
        )
        for one in found
    ]


def _beats(other: Trade, one: Trade) -> bool:
    is_as_good = other.harm <= one.harm and other.utility >= one.utility
    return is_as_good and (other.harm, other.utility) != (one.harm, one.utility)


def _value(row: Row | None, column: str) -> float | None:
    measure = row.columns.get(column) if row else None
    return measure.value if measure else None


def _point(series: str, at: str | float, measure: Measure | None) -> list[Point]:
    if measure is None or measure.value is None:
        return []
    value = measure.value
    low = value if measure.low is None else measure.low
    high = value if measure.high is None else measure.high
    return [Point(series=series, at=at, value=value, low=low, high=high, n=measure.n)]


def _series(result: RunResult) -> str:
    chosen = result.choices
    told = [chosen.get(group, "none") for group in ("dataset", "attack", "defense", "finetune")]
    return " ".join(name for name in told if name != "none") or "no training"


def _name(result: RunResult) -> str:
    defense = result.choices.get("defense", "none")
    return defense if defense != "none" else _series(result)
