"""What came of the cells that jobs did: their results, or why there are none."""

from pathlib import Path
from typing import Any

from ftbench.archive.reading import read_result
from ftbench.config.compose import Cell
from ftbench.errors import Stopped
from ftbench.statistics.result import RunResult

from .sweep_folder import SweepFolder


def state_of(folder: SweepFolder, number: int) -> dict[str, Any] | None:
    """What a job of this start wrote of itself; what an earlier start left does not count."""
    state = folder.state(number)
    return state if state is not None and state["token"] == folder.token else None


def result_of(cell: Cell, number: int, folder: SweepFolder, fault: str) -> RunResult:
    """What came of a cell: its result, or why it has none."""
    groups = folder.groups()
    group = next(n for n, one in enumerate(groups) if number in one.numbers)
    state = state_of(folder, group)
    known = (state or {}).get("cells") or []
    place = groups[group].numbers.index(number)
    if place < len(known):
        told = known[place]
        if not told["failure"]:
            return read_result(Path(told["folder"]))
        return RunResult(**(told | {"choices": cell.choices}))
    return RunResult(
        run="",
        folder="",
        choices=cell.choices,
        outcome="failed",
        failure=_about(group, state, folder, fault),
        exit_code=Stopped.exit_code,
    )


def _about(group: int, state: dict[str, Any] | None, folder: SweepFolder, fault: str) -> str:
    """Why a job brought nothing back, and what to do."""
    said = f" The launcher says: {fault}" if fault else ""
    if state is None:
        return (
            f"Job {group} has not begun: it was cancelled, or still waits. "
            f"The same command goes on.{said}"
        )
    name = f" ({state['job']})" if state["job"] else ""
    if folder.is_under_way(group):
        return f"Job {group}{name} goes on on {state['host']}: `ftbench status` shows it."
    return (
        f"Job {group}{name} on {state['host']} was ended before it was done, or cancelled; "
        f"{folder.path}/group-{group}.log has its words. The same command goes on.{said}"
    )
