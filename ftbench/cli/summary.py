"""The end of a sweep: one line per run, and every failure."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from ftbench.statistics.figures import difference, figure
from ftbench.statistics.result import Measure, Row, RunResult

from .printable import printable

_RATE = "harmfulness_rate"


def sweep_table(results: Sequence[RunResult], names: Sequence[str], *, what: str = "runs") -> Table:
    """One line per run: its name, then base, tuned and difference of the harmfulness rate."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(f"{len(results)} {what}, harmfulness rate", overflow="fold")
    for header in ("base", "tuned", "difference, 95 % interval"):
        table.add_column(header, justify="right", no_wrap=True)
    for result, name in zip(results, names, strict=True):
        table.add_row(Text(printable(name)), *map(Text, _figures(result)))
    return table


def _figures(result: RunResult) -> Iterator[str]:
    if result.failure:
        yield from ("failed", "", "")
        return
    yield figure(_rate(result.headline("base")), _RATE).value
    tuned = result.headline("tuned")
    yield figure(_rate(tuned), _RATE).value if tuned else result.outcome
    change = result.headline_difference()
    shown = difference(change.columns.get(_RATE) if change else None, _RATE)
    yield f"{shown.value} {shown.interval}{'*' if shown.star else ' '}"


def _rate(row: Row | None) -> Measure | None:
    return row.columns.get(_RATE) if row else None


def failures(results: Sequence[RunResult], names: Sequence[str]) -> list[str]:
    """A line for each run that did not finish, after a line that counts them."""
    failed = [
        f"  {name}: {result.failure}"
        for result, name in zip(results, names, strict=True)
        if result.failure
    ]
    return [f"{len(failed)} of {len(results)} runs failed:", *failed] if failed else []
