"""The headline of a result as lines of words: one for each column and category."""

from collections.abc import Iterator
from dataclasses import dataclass

from .figures import Figure, difference, figure, label
from .result import COLUMNS, Difference, Measure, Row, RunResult

RATE = "harmfulness_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: its label, and a figure for base, tuned and difference."""

    label: str
    figures: tuple[Figure, Figure, Figure]


def column_lines(result: RunResult) -> list[Line]:
    """COLUMNS, then what the judge measures beyond them."""
    base, tuned, change = _headline(result)
    own = [name for row in (base, tuned) if row for name in row.columns if name not in COLUMNS]
    return [
        Line(
            label=label(column),
            figures=(
                figure(base.columns.get(column) if base else None, column),
                figure(tuned.columns.get(column) if tuned else None, column),
                difference(change.columns.get(column) if change else None, column),
            ),
        )
        for column in (*COLUMNS, *dict.fromkeys(own))
    ]


def category_lines(result: RunResult) -> list[Line]:
    """The harmfulness rate of every category."""
    base, tuned, change = _headline(result)
    return [
        Line(
            label=name.replace("_", " "),
            figures=(
                figure(_inside(base, name), RATE),
                figure(_inside(tuned, name), RATE),
                difference(_inside(change, name), RATE),
            ),
        )
        for name in dict.fromkeys(_categories(base, tuned))
    ]


def _headline(result: RunResult) -> tuple[Row | None, Row | None, Difference | None]:
    return result.headline("base"), result.headline("tuned"), result.headline_difference()


def _categories(*rows: Row | None) -> Iterator[str]:
    for row in rows:
        yield from row.categories if row else ()


def _inside(part: Row | Difference | None, category: str) -> Measure | None:
    return part.categories.get(category, {}).get(RATE) if part else None
