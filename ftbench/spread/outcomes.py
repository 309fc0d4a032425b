"""What came of the cells that jobs did: their results, or why there are none."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.archive.reading import read_result
from ftbench.config.compose import Cell
from ftbench.errors import Stopped
from ftbench.statistics.result import RunResult

from .sweep_folder import SweepFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the job of a group ended, from whoever was asked to do it."""

    words: str
    """Such as "Slurm's job 12_1 was cancelled"."""
    log: Path | None = None
    """What the job said before its group began."""
    is_anothers: bool = False
    """Whether it is the job of another command now, which does the same sweep."""


def result_of(
    cell: Cell, number: int, folder: SweepFolder, endings: Mapping[int, Ending]
) -> RunResult:
    """What came of a cell: its result, or why it has none."""
    groups = folder.groups()
    group = next(n for n, one in enumerate(groups) if number in one.numbers)
    state = folder.newest_state(group)
    known = (state or {}).get("cells") or []
    place = groups[group].numbers.index(number)
    if place < len(known):
        told = known[place]
        if not told["failure"]:
            return read_result(Path(told["folder"]))
        if told["exit_code"] != Stopped.exit_code:
            return RunResult(**(told | {"choices": cell.choices}))
    return RunResult(
        run="",
        folder="",
        choices=cell.choices,
        outcome="failed",
        failure=_about(group, state, folder, endings.get(group)),
        exit_code=Stopped.exit_code,
    )


def _about(
    group: int, state: dict[str, Any] | None, folder: SweepFolder, ending: Ending | None
) -> str:
    """Why a job brought nothing back, and what to do."""
    if ending and ending.is_anothers:
        return f"{ending.words}: `ftbench status` shows it."
    if state is None:
        words = ending.words if ending else f"Job {group} was cancelled, or still waits"
        log = ending.log if ending and ending.log and ending.log.is_file() else None
        return f"{words}, before it began{_see(log)}. The same command goes on."
    name = f"Job {group}" + (f" ({state['job']})" if state["job"] else "")
    if folder.is_under_way(group):
        return f"{name} goes on on {state['host']}: `ftbench status` shows it."
    words = ending.words if ending else f"{name} was ended before it was done, or cancelled"
    return f"{words}, on {state['host']}{_see(folder.log(group))}. The same command goes on."


def _see(log: Path | None) -> str:
    return f"; {log} has its words" if log else ""
