"""Tables of a reproduction in the terminal: the paper's figures beside ours, and the claims."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from ftbench.reproduce.agreement import compared
from ftbench.reproduce.claims import row_of
from ftbench.reproduce.tables import Line, Pair, Table
from ftbench.statistics.figures import figure
from ftbench.statistics.result import Measure, RunResult

from .reproduced_columns import print_categories, print_columns, print_findings

_MISSING = "–"
_MARKS = {"holds": "holds", "fails": "FAILS", "cannot_say": "cannot say"}


def print_table(table: Table, results: Mapping[str, RunResult]) -> None:
    """Every row of a table: before and after in the paper and here, and whether they agree."""
    console = Console(highlight=False)
    console.print(f"{table.name}: {table.title} ({table.source})", style="bold")
    if table.shows != "comparison":
        _OTHERS[table.shows](console, table, results)
        console.print(table.note)
        return
    grid = Grid("row", "paper", "ours", "interval", "verdict", box=box.SIMPLE, show_edge=False)
    notes = []
    for line in table.rows:
        result = results.get(line.name)
        if line.unavailable or result is None or result.failure:
            grid.add_row(line.name, _MISSING, _MISSING, "", "not run")
            notes.append(f"{line.name}: {line.unavailable or (result and result.failure)}")
            continue
        for subject in ("base", "tuned"):
            grid.add_row(*_cells(table, line, result, subject))
    console.print(grid)
    for note in notes:
        console.print(note)
    console.print(
        f"Paper: n = {table.n}, one seed. inside: our rate lies in the paper's 95 % interval and "
        "ours is about as narrow; outside: the intervals have nothing in common."
    )


_OTHERS = {"columns": print_columns, "findings": print_findings, "categories": print_categories}


def _cells(table: Table, line: Line, result: RunResult, subject: str) -> tuple[str, ...]:
    row = row_of(result, subject, line.checkpoint, line.probe)
    ours = row.columns.get(line.metric, Measure())
    shown = figure(ours, line.metric)
    name = f"{line.name}, before" if subject == "base" else line.name
    theirs = _published(line, result, subject)
    if theirs is None:
        return (name, _MISSING, shown.value, shown.interval, "")
    said = compared(ours, theirs[1], n=table.n).said
    return (name, f"{theirs[1]:.1f} %", shown.value, shown.interval, said)


def _published(line: Line, result: RunResult, subject: str) -> Pair | None:
    family = str((result.record.get("model") or {}).get("family", ""))
    found = line.published.get(family)
    return None if found is None else found.before if subject == "base" else found.after


def print_claims(record: Mapping[str, Any]) -> None:
    """Every claim with effect, interval and verdict."""
    console = Console(highlight=False)
    grid = Grid("claim", "effect", "95 % interval", "verdict", box=box.SIMPLE, show_edge=False)
    for one in record["claims"]:
        says = f"control: {one['says']}" if one["control"] else one["says"]
        if one["effect"] is None:
            grid.add_row(says, _MISSING, one["why"], _MARKS[one["verdict"]])
            continue
        low, high = (100 * end for end in one["interval"])
        verdict = _MARKS[one["verdict"]]
        grid.add_row(says, f"{100 * one['effect']:+.1f} pp", f"[{low:.1f}, {high:.1f}]", verdict)
    console.print(grid)
    console.print(
        f"{record['holds']} of {record['of']} claims hold on {record['model']}; controls are not "
        "counted. Its effects are planted: what holds is recovered, not reproduced."
    )
