"""Results -> the points of figures of one run, by category and epoch; and what safety costs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ftbench.statistics.result import Measure, Row, RunResult

RATE = "harmfulness_rate"
_FEWEST = 2
"""Kept epochs that make a curve."""


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
    """How many answers it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One model between safety and utility, as shares with their 95 % intervals."""

    name: str
    harm: float
    harm_low: float
    harm_high: float
    harm_n: int
    utility: float
    utility_low: float
    utility_high: float
    utility_n: int
    is_best: bool
    """Whether no other is both as safe and as able, and one of them more."""


def by_category(result: RunResult) -> list[Point]:
    """The harmfulness rate of each category, of the base and of the last tuned model."""
    points = []
    for subject in ("base", "tuned"):
        row = result.headline(subject)
        for category, columns in (row.categories if row else {}).items():
            points += points_of(subject, category, columns.get(RATE))
    return points


def along_epochs(result: RunResult) -> list[Point]:
    """The harmfulness rate before training and after each kept epoch, by probe.

    Before training is the hardened model where a defense made one.
    """
    first = result.rows[0].judge if result.rows else ""
    rows = [row for row in result.rows if row.judge == first]
    start = "hardened" if any(row.subject == "hardened" for row in rows) else "base"
    kept = {row.checkpoint for row in rows if row.subject == "tuned" and row.checkpoint}
    if len(kept) < _FEWEST:
        return []
    points: list[Point] = []
    for row in rows:
        if row.subject in (start, "tuned"):
            points += points_of(row.probe, float(row.checkpoint or 0), row.columns.get(RATE))
    return sorted(points, key=lambda one: (one.series, one.at))


def are_comparable(results: Sequence[RunResult]) -> bool:
    """Whether all were asked the same questions, the same way, and judged by the same judge."""
    rows = [(result, result.headline("tuned")) for result in results]
    asked = {(r.record.get("question_set"), row.judge, row.probe) for r, row in rows if row}
    return len(asked) <= 1


def trades(results: Sequence[RunResult]) -> list[Trade]:
    """Every tuned model with its harmfulness rate and its utility; the best are marked."""
    shared = [name for name, times in Counter(map(_name, results)).items() if times > 1]
    found = []
    for result in results:
        row, name = result.headline("tuned"), _name(result)
        harm, utility = _found(row, RATE), _found(row, "utility")
        if harm is not None and utility is not None:
            found.append((result.run if name in shared else name, harm, utility))
    places = [(harm.value, utility.value) for _, harm, utility in found]
    return [
        _trade(name, harm, utility, is_best=not any(_beats(other, place) for other in places))
        for (name, harm, utility), place in zip(found, places, strict=True)
    ]


def _trade(name: str, harm: Point, utility: Point, *, is_best: bool) -> Trade:
    return Trade(
        name=name,
        harm=harm.value,
        harm_low=harm.low,
        harm_high=harm.high,
        harm_n=harm.n,
        utility=utility.value,
        utility_low=utility.low,
        utility_high=utility.high,
        utility_n=utility.n,
        is_best=is_best,
    )


def _beats(other: tuple[float, float], one: tuple[float, float]) -> bool:
    return other[0] <= one[0] and other[1] >= one[1] and other != one


def _found(row: Row | None, column: str) -> Point | None:
    points = points_of("", "", row.columns.get(column)) if row else []
    return points[0] if points else None


def points_of(series: str, at: str | float, measure: Measure | None) -> list[Point]:
    """One point, or none where nothing was measured."""
    if measure is None or measure.value is None:
        return []
    value = measure.value
    low = value if measure.low is None else measure.low
    high = value if measure.high is None else measure.high
    return [Point(series=series, at=at, value=value, low=low, high=high, n=measure.n)]


def called(result: RunResult) -> str:
    """What was done to the model, in the words of the command line."""
    chosen = result.choices
    told = [chosen.get(group, "none") for group in ("dataset", "attack", "defense", "finetune")]
    return " ".join(name for name in told if name != "none") or "no training"


def _name(result: RunResult) -> str:
    defense = result.choices.get("defense", "none")
    return defense if defense != "none" else called(result)
