"""A result in a notebook: as a table of pandas, as HTML and as rich prints it."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from .headline import category_lines, column_lines
from .result import Measure, RunResult

HEADERS = ("base", "tuned", "difference")


def to_frame(result: RunResult) -> Any:
    """A DataFrame: run, subject, checkpoint, probe, judge, category, metric, value, low, high, n.

    The category is empty for a figure over all of them; "difference" stands for a subject where
    tuned minus base is told.
    """
    import pandas  # noqa: PLC0415, slow to import

    columns = ["run", "subject", "checkpoint", "probe", "judge", "category", "metric"]
    return pandas.DataFrame(list(_figures(result)), columns=[*columns, "value", "low", "high", "n"])


def _figures(result: RunResult) -> Iterator[dict[str, Any]]:
    parts: list[tuple[str, Any]] = [(row.subject, row) for row in result.rows]
    parts += [("difference", change) for change in result.differences]
    for subject, part in parts:
        where = {
            "run": result.run,
            "subject": subject,
            "checkpoint": part.checkpoint,
            "probe": part.probe,
            "judge": part.judge,
        }
        for category, columns in {"": part.columns, **part.categories}.items():
            yield from _measures(where | {"category": category}, columns)


def _measures(where: dict[str, Any], columns: Mapping[str, Measure]) -> Iterator[dict[str, Any]]:
    for metric, measure in columns.items():
        found = {"value": measure.value, "low": measure.low, "high": measure.high, "n": measure.n}
        yield where | {"metric": metric} | found


def as_html(result: RunResult) -> str:
    """The headline table, every word of it escaped."""
    heads = "".join(f"<th>{head}</th>" for head in ("", *HEADERS))
    body = "".join(
        f"<tr><td>{escape(line.label)}</td>"
        + "".join(
            f"<td>{escape(one.value)} <small>{escape(one.interval)}</small></td>"
            for one in line.figures
        )
        + "</tr>"
        for line in (*column_lines(result), *category_lines(result))
    )
    said = escape(result.failure or result.run)
    return f"<table><caption>{said}</caption><thead><tr>{heads}</tr></thead>{body}</table>"


def as_rich(result: RunResult) -> Any:
    """The headline table."""
    from rich.table import Table  # noqa: PLC0415, slow to import
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(result.failure or result.run), box=None)
    for head in ("", *HEADERS):
        table.add_column(head)
    for line in (*column_lines(result), *category_lines(result)):
        shown = (Text(f"{one.value} {one.interval}".strip()) for one in line.figures)
        table.add_row(Text(line.label), *shown)
    return table
