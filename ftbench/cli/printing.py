"""Prints finished runs: tables for people, lines of JSON for programs."""

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from ftbench.errors import CellsFailed
from ftbench.statistics.result import RunResult

from .as_json import as_json
from .flags import Flags
from .printable import printable
from .summary import differing_words, failures, sweep_table
from .table import result_view

if TYPE_CHECKING:
    from ftbench.config.compose import Cell

_LOG_COLUMNS = 120


def report(cells: Sequence["Cell"], results: Sequence[RunResult], flags: Flags) -> int:
    """Print what was measured and what failed; returns the exit code of the command."""
    from ftbench.archive.summary import summaries  # noqa: PLC0415, slow to import

    sums = summaries(cells, results)
    if flags.json:
        for result in (*results, *sums):
            print(as_json(result), flush=True)
    console = _console(to_stderr=flags.json)
    if len(results) == 1:
        return _report_one(results[0], console, silent=flags.json and flags.quiet)
    differing = differing_words(cells)
    names = [
        result.run or words or " ".join(cell.overrides)
        for cell, words, result in zip(cells, differing, results, strict=True)
    ]
    if not (flags.json and flags.quiet):
        _print_sweep(results, names, differing, console)
        _print_sums(sums, console)
    failed = failures(results, names)
    for line in failed:
        print(printable(line), file=sys.stderr)
    return CellsFailed.exit_code if failed or any(r.exit_code for r in results) else 0


def print_result(result: RunResult) -> None:
    """Print the table of one finished run."""
    console = _console(to_stderr=False)
    console.print(result_view(result, width=console.width))


def _report_one(result: RunResult, console: Console, *, silent: bool) -> int:
    if result.failure:
        print(printable(f"ftbench: {result.failure}"), file=sys.stderr)
    elif not silent:
        console.print(result_view(result, width=console.width))
    return result.exit_code


def _print_sweep(
    results: Sequence[RunResult], names: Sequence[str], differing: Sequence[str], console: Console
) -> None:
    """A name that tells no run from another by what was typed gets these words beside it."""
    runs = [name.rpartition("-")[0] for name in names]
    beside = differing if len(set(runs)) < len(runs) else ()
    console.print()
    console.print(sweep_table(results, names, differing=beside))
    finished = [result.folder for result in results if result.rows]
    if finished:
        console.print(f"One run in full: ftbench show {shlex.quote(finished[0])}", markup=False)


def _print_sums(sums: Sequence[RunResult], console: Console) -> None:
    """What each experiment of a sweep comes to over its seeds: one in full, several in lines."""
    if len(sums) == 1:
        console.print(result_view(sums[0], width=console.width))
    elif sums:
        console.print()
        console.print(sweep_table(sums, [one.run for one in sums], what="over seeds"))
        console.print(f"One in full: ftbench show {shlex.quote(sums[0].folder)}", markup=False)


def _console(*, to_stderr: bool) -> Console:
    console = Console(stderr=to_stderr, highlight=False)
    if not console.is_terminal and console.width < _LOG_COLUMNS:
        return Console(stderr=to_stderr, highlight=False, width=_LOG_COLUMNS)
    return console
