"""``ftbench status``: what of a run, or of all runs in a folder, is done, missing and failed."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ftbench.plugin.catalog import Catalog

from .jobs_of_sweeps import job_table, to_the_minute
from .printable import printable

_TABLE_COLUMNS = 72
"""Below this many columns each run has lines of its own."""

if TYPE_CHECKING:
    from ftbench.archive.status import Progress, RunStatus


def status(words: Sequence[str], catalog: Catalog) -> int:
    """Show what is done, missing and failed; also while a run goes on."""
    parser = argparse.ArgumentParser(prog="ftbench status", description=status.__doc__)
    parser.add_argument(
        "run", nargs="*", type=Path, default=[Path("runs")], help="runs, or folders of runs"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per run")
    options = parser.parse_args(words)
    from ftbench.archive import status as archive  # noqa: PLC0415, slow to import
    from ftbench.archive.opening import run_folders  # noqa: PLC0415, slow to import
    from ftbench.spread.standing import standings  # noqa: PLC0415, slow to import

    jobs = standings(options.run)
    found = [archive.status(folder) for folder in run_folders(options.run, can_be_none=bool(jobs))]
    if options.json:
        for told in (*map(asdict, found), *map(asdict, jobs)):
            print(json.dumps(told, ensure_ascii=False))
    elif len(found) == 1 and not jobs:
        print(printable("\n".join(_lines(found[0]))))
    else:
        console = Console(highlight=False)
        shown = _table(found) if console.width >= _TABLE_COLUMNS else Group(*_stacked(found))
        tables = (*([shown] if found else []), *([job_table(jobs)] if jobs else []))
        console.print(*tables, sep="\n\n")
    return 0


def _lines(one: "RunStatus") -> Iterator[str]:
    by = f" by process {one.writer['pid']} on {one.writer['host']}" if one.writer else ""
    since = f", begun {one.started}" if one.started else ""
    yield f"{one.run}: {one.state}{by}{since}"
    if one.problem:
        yield f"  {one.problem}"
        return
    yield f"  training   {one.training}"
    for label, parts in (("responses", one.responses), ("verdicts", one.verdicts)):
        if not parts:
            yield f"  {label:10} not begun"
        for part in parts:
            yield f"  {label:10} {part.name} {part.done}/{part.total}{_ends(part.outcomes)}"
    if one.attempts:
        yield f"  attempts   {', '.join(f'{n} {what}' for what, n in one.attempts.items())}"
    yield from _money(one)
    if one.state in ("stopped", "empty"):
        yield "  The same command goes on."


def _money(one: "RunStatus") -> Iterator[str]:
    if one.spent:
        yield f"  spent      {one.spent}"
    if one.open_intents:
        yield f"  UNKNOWN    how {one.open_intents} paid actions ended"


def _ends(outcomes: Mapping[str, int]) -> str:
    """How parts ended, where not all of them went well."""
    ends = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
    return f" ({ends})" if outcomes.keys() - {"ok", "scored"} else ""


def _table(found: Sequence["RunStatus"]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("run", "state", "training", "responses", "verdicts", "begun (UTC)"):
        table.add_column(header, overflow="fold")
    for one in found:
        counts = (_sum(one.responses), _sum(one.verdicts))
        cells = (Path(one.run).name, one.state, one.training, *counts, to_the_minute(one.started))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _stacked(found: Sequence["RunStatus"]) -> Iterator[Text]:
    for one in found:
        counts = f"{_sum(one.responses)} responses, {_sum(one.verdicts)} verdicts"
        yield Text(printable(Path(one.run).name), no_wrap=True, overflow="ellipsis")
        yield Text(printable(f"  {one.state}, {one.training}, {counts}"))


def _sum(parts: Sequence["Progress"]) -> str:
    if not parts:
        return ""
    return f"{sum(part.done for part in parts)}/{sum(part.total for part in parts)}"
