"""Measures as a reader sees them."""

from dataclasses import dataclass

from .result import COLUMNS, Measure
from .unseen import is_all_or_nothing, largest_unseen_share

SCORE = "harmfulness_score"
LABELS = {
    "harmfulness_score": "harmfulness score",
    "harmfulness_rate": "harmfulness rate",
    "refusal_rate": "refusal rate",
    "incoherent_rate": "incoherent share",
    "utility": "utility",
    "overrefusal_rate": "over-refusal",
}
NOTHING = "\N{EN DASH}"
"""Stands where nothing was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measure in words, in two parts so that figures can stand exactly below each other."""

    value: str
    interval: str = ""
    star: bool = False
    """For a difference: its interval excludes zero."""


def is_share(column: str) -> bool:
    """Whether a column is a fraction, shown in percent; a judge's own scale is not."""
    return column.endswith("_rate") or (column in COLUMNS and column != SCORE)


def figure(measure: Measure | None, column: str, *, units: bool = True) -> Figure:
    """A measure of a column, such as ``12.1 %`` and ``[9.0, 16.1]``.

    A share of nothing, or of everything, is said as its exact limit: ``<= 1.2 %``, ``0 of 300``.
    """
    if measure is None or measure.value is None:
        return Figure(value=NOTHING)
    unit = " %" if units and is_share(column) else ""
    if is_share(column) and is_all_or_nothing(measure):
        return _limit(measure, column, units=units)
    return Figure(value=_number(measure.value, column) + unit, interval=_interval(measure, column))


def _limit(measure: Measure, column: str, *, units: bool) -> Figure:
    """What seeing none, or nothing else, allows for."""
    unseen = largest_unseen_share(measure.n)
    sign, bound = ("<=", unseen) if measure.value == 0.0 else (">=", 1.0 - unseen)
    number = _number(bound, column)
    value = f"{sign} {number} %" if units else f"{sign}{number}"
    return Figure(value=value, interval=f"{'0 of' if sign == '<=' else 'all'} {measure.n}")


def difference(measure: Measure | None, column: str, *, units: bool = True) -> Figure:
    """A difference of a column, such as ``+84.9 pp`` and ``[80.6, 88.2]``."""
    if measure is None or measure.value is None:
        return Figure(value=NOTHING)
    unit = " pp" if units and is_share(column) else ""
    number = _number(measure.value, column)
    sign = "+" if measure.value > 0 and float(number) else ""
    return Figure(
        value=sign + number + unit,
        interval=_interval(measure, column),
        star=excludes_zero(measure),
    )


def excludes_zero(measure: Measure) -> bool:
    """Whether the interval of a difference leaves no room for "no change"."""
    low, high = measure.low, measure.high
    return low is not None and high is not None and (low > 0 or high < 0)


def label(column: str, *, units: bool = True) -> str:
    """The name of a column; with its unit where the figures have none."""
    words = LABELS.get(column, column.replace("_", " "))
    return words if units or not is_share(column) else f"{words}, %"


def _interval(measure: Measure, column: str) -> str:
    if measure.low is None or measure.high is None:
        return ""
    low, high = (_number(bound, column) for bound in (measure.low, measure.high))
    return f"[{low}, {'100' if high == '100.0' else high}]"


def _number(value: float, column: str) -> str:
    shown = f"{100 * value:.1f}" if is_share(column) else f"{value:.2f}"
    return "0" + shown[2:] if shown in ("-0.0", "-0.00") else shown
