"""Tables without the paper's figures: several of ours for a row, audits' findings, categories."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from ftbench.reproduce.claims import row_of
from ftbench.reproduce.tables import Line, Table
from ftbench.statistics.figures import LABELS, figure
from ftbench.statistics.result import Measure, RunResult

from .printable import printable

_MISSING = "–"
_FEWEST = 4
"""Trainings that a rank correlation needs."""


def print_columns(console: Console, table: Table, results: Mapping[str, RunResult]) -> None:
    """The tuned model's figures with their intervals, the steps trained, and the seconds spent."""
    headings = [LABELS.get(name, name.replace("_", " ")) for name in table.columns]
    grid = Grid(box=box.SIMPLE, show_edge=False, padding=(0, 1, 0, 0))
    grid.add_column("row", overflow="fold", min_width=20)
    for heading in (*headings, "steps", "sec."):
        grid.add_column(heading, justify="right", min_width=4)
    for line, result in _measured(console, table, results):
        grid.add_row(printable(line.name), *_figures(table, line, result), *_cost(result))
    console.print(grid)
    seeds = max((len(result.seeds) for result in results.values()), default=1)
    console.print(
        f"Of the tuned model, over {seeds} seed{'s' if seeds > 1 else ''}, with 95 % intervals. "
        "Steps are those of the user's training in one seed; seconds are those of a whole run."
    )


def print_findings(console: Console, table: Table, results: Mapping[str, RunResult]) -> None:
    """Of each training set the share of rows that each audit found."""
    every = list(_measured(console, table, results))
    told = {line.name: result.record.get("findings") or () for line, result in every}
    every_kind = dict.fromkeys(one["kind"] for found in told.values() for one in found)
    hits = {one["kind"] for found in told.values() for one in found if one["share"]}
    kinds = [kind for kind in every_kind if kind in hits]
    grid = Grid("rows of", *(kind.replace("_", " ") for kind in kinds), box=box.SIMPLE)
    for heading in grid.columns[1:]:
        heading.justify = "right"
    for name, found in told.items():
        shares = {one["kind"]: one["share"] for one in found}
        grid.add_row(printable(name), *(f"{100 * shares.get(kind, 0.0):.1f} %" for kind in kinds))
    console.print(grid)
    if silent := [kind.replace("_", " ") for kind in every_kind if kind not in hits]:
        console.print(printable(f"In none of them: {', '.join(silent)}."))
    for kind in kinds:
        if (words := _foresight(kind, every)) is not None:
            console.print(printable(words))


def _foresight(kind: str, every: Sequence[tuple[Line, RunResult]]) -> str | None:
    """Whether more rows found went with more harm after training; None for too few trainings."""
    from scipy.stats import spearmanr  # noqa: PLC0415, slow to import

    pairs = []
    for line, result in every:
        tuned = row_of(result, "tuned", line.checkpoint, line.probe).columns.get(line.metric)
        shares = [
            one["share"] for one in result.record.get("findings") or () if one["kind"] == kind
        ]
        if tuned is not None and tuned.value is not None:
            pairs.append((max(shares, default=0.0), tuned.value))
    if len(pairs) < _FEWEST or any(len(set(side)) == 1 for side in zip(*pairs, strict=True)):
        return None
    found = spearmanr(*zip(*pairs, strict=True))
    return (
        f"{kind.replace('_', ' ').capitalize()}: rank correlation of its share with the harm after "
        f"training {found.statistic:+.2f} (Spearman, {len(pairs)} trainings, "
        f"p = {found.pvalue:.2g})."
    )


def print_categories(console: Console, table: Table, results: Mapping[str, RunResult]) -> None:
    """The harmfulness rate of every category, before and after each training."""
    for line, result in _measured(console, table, results):
        rows = [row_of(result, who, line.checkpoint, line.probe) for who in ("base", "tuned")]
        grid = Grid("category", "before", "", "after", "", box=box.SIMPLE, title=line.name)
        for heading in grid.columns[1:]:
            heading.justify = "right"
        for category in rows[1].categories:
            cells: list[str] = []
            for row in rows:
                found = row.categories.get(category, {}).get(line.metric, Measure())
                told = figure(found, line.metric)
                cells += [told.value, told.interval]
            grid.add_row(printable(category), *cells)
        console.print(grid)


def _measured(
    console: Console, table: Table, results: Mapping[str, RunResult]
) -> Iterator[tuple[Line, RunResult]]:
    """Each row with its result; of one without it is said why."""
    for line in table.rows:
        result = results.get(line.name)
        if result is None or result.failure:
            why = line.unavailable or (result and result.failure) or "nobody ran it"
            console.print(printable(f"{line.name}: not run, because {why}"))
        else:
            yield line, result


def _figures(table: Table, line: Line, result: RunResult) -> list[str]:
    row = row_of(result, "tuned", line.checkpoint, line.probe)
    told = [figure(row.columns.get(name, Measure()), name) for name in table.columns]
    return [f"{one.value}\n{one.interval}".strip() for one in told]


def _cost(result: RunResult) -> tuple[str, str]:
    applied = _applied(result.record)
    seconds: Any = result.record.get("seconds") or {}
    return str(applied.get("optimizer_steps", _MISSING)), f"{sum(seconds.values()):.0f}"


def _applied(record: Mapping[str, Any]) -> Mapping[str, Any]:
    told = record.get("finetune") or {}
    found: Mapping[str, Any] = told.get("applied") or {}
    return found
