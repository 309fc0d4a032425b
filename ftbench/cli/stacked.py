"""The figures of a run where a table has no room: each on a line of its own."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from ftbench.statistics.figures import figure
from ftbench.statistics.headline import Line, category_lines, column_lines
from ftbench.statistics.result import Row, RunResult

from .printable import printable

HEADERS = ("base", "tuned", "difference")


def stacked_headline(result: RunResult) -> Iterator[Text]:
    """Every column with its three figures; of a category what it was and what it became."""
    for line in column_lines(result):
        yield Text(printable(line.label), style="bold")
        for header, one in zip(HEADERS, line.figures, strict=True):
            shown = Text(f"  {header:10} {one.value} ", style="bold" if one.star else "")
            yield shown.append(one.interval + "*" * one.star, style="not bold dim")
    categories = category_lines(result)
    if categories:
        yield Text("harmfulness rate by category", style="bold")
        yield from (_became(line) for line in categories)


def _became(line: Line) -> Text:
    before, after, change = line.figures
    star = "*" * change.star
    return Text(printable(f"  {line.label}: {before.value} -> {after.value}{star}"))


def stacked_rows(rows: Sequence[Row], columns: dict[str, str]) -> Iterator[Text]:
    """Every judge, probe and checkpoint: who, and then the figures."""
    for row in rows:
        epoch = f" epoch {row.checkpoint}" if row.checkpoint else ""
        yield Text(printable(f"{row.subject}{epoch}, {row.probe}, {row.judge}"), style="bold")
        told = (
            f"{word} {figure(row.columns.get(name), name).value}" for name, word in columns.items()
        )
        yield Text(f"  {', '.join(told)}")
