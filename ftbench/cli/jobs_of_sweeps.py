"""The jobs of sweeps as a table: which wait, which run where, and what ended badly."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from .printable import printable

if TYPE_CHECKING:
    from ftbench.spread.standing import Standing


def job_table(jobs: Sequence["Standing"]) -> Table:
    """A row for each job."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("job of a sweep", "state", "runs", "where", "begun (UTC)"):
        table.add_column(header, overflow="fold")
    for one in jobs:
        job = f" {one.job} ({one.launcher})" if one.launcher else ""
        name = f"{Path(one.sweep).name}{job}"
        state = f"{one.state}, {one.stage}" if one.stage and one.state == "running" else one.state
        runs = f"{one.runs}, {one.failed} failed" if one.failed else str(one.runs)
        cells = (name, state, runs, one.where, to_the_minute(one.began))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def to_the_minute(moment: str) -> str:
    """A moment of the ledger as a table has room for it."""
    return moment[:16].replace("T", " ")
