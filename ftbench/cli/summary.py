"""The end of a sweep: one line per run, and every failure."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ftbench.statistics.figures import difference, figure
from ftbench.statistics.result import Measure, Row, RunResult

from .printable import printable

if TYPE_CHECKING:
    from ftbench.config.compose import Cell

_RATE = "harmfulness_rate"


def sweep_table(
    results: Sequence[RunResult],
    names: Sequence[str],
    *,
    what: str = "runs",
    differing: Sequence[str] = (),
) -> Table:
    """One line per run: its name, then base, tuned and difference of the harmfulness rate.

    ``differing`` says of each what it was told and others were not, where a name does not.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(f"{len(results)} {what}, harmfulness rate", overflow="fold")
    if any(differing):
        table.add_column("with", overflow="fold")
    for header in ("base", "tuned", "difference, 95 % interval"):
        table.add_column(header, justify="right", no_wrap=True)
    for place, (result, name) in enumerate(zip(results, names, strict=True)):
        words = [result.run, differing[place]] if any(differing) else [name]
        table.add_row(*(Text(printable(word)) for word in words), *map(Text, _figures(result)))
    return table


def differing_words(cells: Sequence["Cell"]) -> list[str]:
    """The words of each cell that are not all others' too, with the last part of their keys."""
    told = [dict.fromkeys(cell.overrides) for cell in cells]
    common = set.intersection(*(set(one) for one in told)) if told else set()
    own = [[word for word in one if word not in common] for one in told]
    return [" ".join(_without_group(word) for word in words) for words in own]


def _without_group(word: str) -> str:
    key, equals, value = word.partition("=")
    return f"{key.rpartition('.')[2]}{equals}{value}"


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
    """A line for each run that failed, or has no tuned model, after a line that counts them."""
    failed = [
        f"  {name}: {' '.join(words.split())}"
        for result, name in zip(results, names, strict=True)
        if (words := result.failure or (result.words if result.exit_code else ""))
    ]
    return [f"{len(failed)} of {len(results)} runs failed:", *failed] if failed else []
