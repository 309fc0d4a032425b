"""Where the jobs of sweeps stand: read from their folders, by anybody who shares the disk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .sweep_folder import SweepFolder, sweep_folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One job of a sweep."""

    sweep: str
    """The folder of the sweep."""
    launcher: str
    job: int
    runs: int
    state: str
    """waiting (in a queue, or never begun), running, ended, stopped (somebody or something asked
    it to), lost (it ended without a word), or damaged (what was written of it, or of its sweep,
    cannot be read: the command of the sweep writes it anew)."""
    failed: int = 0
    """Runs of a job that ended, which did not finish."""
    where: str = ""
    """Host, and the scheduler's name of the job; of what is damaged, which file, and what to do."""
    stage: str = ""
    began: str = ""


def standings(places: Sequence[Path]) -> list[Standing]:
    """The jobs of every sweep whose runs lie in some folders."""
    return [job for place in places for sweep in sweep_folders(place) for job in _jobs(sweep)]


def _jobs(folder: SweepFolder) -> Iterator[Standing]:
    if folder.is_damaged:
        yield Standing(
            sweep=str(folder.path),
            launcher="",
            job=0,
            runs=0,
            state="damaged",
            where=_DAMAGED_SWEEP,
        )
        return
    sweep, scheduled = folder.sweep(), folder.scheduled()
    for number, group in enumerate(folder.groups()):
        state = folder.state(number)
        is_under_way = folder.is_under_way(number)
        if folder.is_state_damaged(number) and not is_under_way:
            name = "damaged"
        elif state is None or (state["token"] != sweep["token"] and not is_under_way):
            name = "waiting"
        else:
            name = "running" if is_under_way else _end(state)
        told = state if state is not None and name != "waiting" else {}
        where = (told.get("host"), told.get("job") or scheduled.get(number))
        yield Standing(
            sweep=str(folder.path),
            launcher=str(sweep["launcher"]),
            job=number,
            runs=len(group.cells),
            state=name,
            failed=sum(bool(cell.get("failure")) for cell in told.get("cells", ())),
            where=" ".join(filter(None, where)) if name != "damaged" else _damaged_job(number),
            stage=told.get("stage", ""),
            began=told.get("began", ""),
        )


_DAMAGED_SWEEP = "sweep.json cannot be read; the sweep's command writes it anew"


def _damaged_job(number: int) -> str:
    return f"group-{number}.json cannot be read; the sweep's command does the job anew"


def _end(state: Mapping[str, Any]) -> str:
    if not state["ended"]:
        return "lost"
    return "stopped" if state["stopped"] else "ended"
