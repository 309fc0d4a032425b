"""How runs come along, looked at again and again; only what has changed is read again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.ledger.lock import holder

from .opening import LEDGER, LOCK, run_folders
from .status import Progress, RunStatus, status

RUNNING, FINISHED = "running", "finished"
_Traces = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a run is at now, and how far."""

    name: str
    """begins, training, responses, verdicts or score; the state of a run that nobody writes."""
    done: int = 0
    total: int = 0


def step_of(one: RunStatus) -> Step:
    """What a run is at: the first part that is not done."""
    if one.state != RUNNING:
        return Step(name=one.state)
    if one.training == "not begun":
        return Step(name="begins")
    if one.training.startswith("not finished"):
        return Step(name="training")
    for name, parts in (("responses", one.responses), ("verdicts", one.verdicts)):
        done, total = _sum(parts)
        if done < total or not parts:
            return Step(name=name, done=done, total=total)
    return Step(name="score")


def _sum(parts: Sequence[Progress]) -> tuple[int, int]:
    return sum(part.done for part in parts), sum(part.total for part in parts)


class Followed:
    """The runs of some places; those that join a place later are followed too."""

    def __init__(self, places: Sequence[Path]) -> None:
        """Follow runs, and the runs of folders."""
        self._places = places
        self._seen: dict[Path, tuple[_Traces, RunStatus]] = {}

    def look(self) -> list[RunStatus]:
        """Where every run stands now. Raises UsageError for a place that is none."""
        return list(self._looks())

    def _looks(self) -> Iterator[RunStatus]:
        for folder in run_folders(self._places):
            traces = _traces(folder)
            before = self._seen.get(folder)
            if before is None or before[0] != traces:
                try:
                    self._seen[folder] = (traces, status(folder))
                except UsageError:  # it went away meanwhile
                    continue
            yield self._seen[folder][1]


def _traces(folder: Path) -> _Traces:
    """What cannot stay as it is where something was written, or the writer has changed."""
    ledger = folder / LEDGER
    files = (ledger, ledger.with_name(f"{ledger.name}-wal"), folder / "public" / "result.json")
    return (str(holder(folder / LOCK)), *(_trace(file) for file in files))


def _trace(file: Path) -> tuple[int, int] | None:
    try:
        now = file.stat()
    except OSError:
        return None
    return now.st_mtime_ns, now.st_size
