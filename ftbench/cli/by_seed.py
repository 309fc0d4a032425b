"""The figures of every seed, below the table that sums them up."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ftbench.statistics.figures import difference, figure, label
from ftbench.statistics.result import COLUMNS, Measure, RunResult


def by_seed_view(result: RunResult) -> Iterator[RenderableType]:
    """A line for each column that differs between seeds: tuned minus base under every seed."""
    change, tuned = result.headline_difference(), result.headline("tuned")
    if not result.seeds or change is None or tuned is None:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("by seed: tuned (difference)")
    for seed in result.seeds:
        table.add_column(f"seed {seed}", justify="right", no_wrap=True)
    for column in COLUMNS:
        after = tuned.columns.get(column, Measure()).by_seed
        changes = change.columns.get(column, Measure()).by_seed
        if any(value is not None for value in after):
            texts = (_text(a, c, column) for a, c in zip(after, changes, strict=True))
            table.add_row(label(column), *texts)
    yield Text("")
    yield table


def _text(value: float | None, change: float | None, column: str) -> Text:
    shown = figure(Measure(value=value), column).value
    changed = difference(Measure(value=change), column).value
    return Text(f"{shown} ({changed})")
