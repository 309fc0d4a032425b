"""Waits for the jobs of a sweep that Slurm has, all of them, and says in words how each ended."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ftbench.stages.watch import Watch

from .outcomes import Ending
from .squeue import Queued, array_of, queued
from .sweep_folder import SweepFolder

if TYPE_CHECKING:
    import submitit

_LOOK_SECONDS, _MOST_SECONDS = 1.0, 30.0
_PATIENT = 0.1
"""Slurm is asked again after this part of the time that has passed."""
_USUAL = ("None", "Priority", "Resources", "BeginTime", "JobArrayTaskLimit", "Dependency")
"""Why jobs wait when nothing is wrong."""
_WORDS = {
    "CANCELLED": "was cancelled",
    "PREEMPTED": "had to make room for another",
    "NODE_FAIL": "lost its node",
    "TIMEOUT": "ran out of its time (hydra.launcher.timeout_min={timeout_min})",
    "OUT_OF_MEMORY": "needed more memory than hydra.launcher.mem_gb asks for",
}
_TIMED_OUT, _AFTER = "timed-out", "You can check full logs"
"""What submitit says of a job that it ended before Slurm would, and below what a job raised."""


def still_queued(folder: SweepFolder) -> dict[int, str]:
    """The jobs of an earlier command that wait or go on in Slurm, by their numbers."""
    known = {n: job for n, job in folder.scheduled().items() if not folder.has_ended(n)}
    states = (queued(known.values()) or {}) if known else {}
    return {n: job for n, job in known.items() if job in states and not states[job].is_ending}


class SlurmJobs:
    """The jobs of one sweep."""

    def __init__(self, ids: Mapping[int, str], settings: Mapping[str, Any]) -> None:
        """Take what Slurm calls each job, by its number in the sweep."""
        self._ids = ids
        self._settings = settings
        self._known: dict[str, Queued] = {}
        self._over: set[str] = set()
        self._reasons: set[str] = set()
        self._is_silent = False
        self._began = self._asked = time.monotonic()

    def wait(
        self, folder: SweepFolder, watch: Watch, stopping: Callable[[], bool]
    ) -> dict[int, Ending]:
        """Until all are over, whatever became of some; or until the user asks to stop."""
        arrays = sorted({array_of(job) for job in self._ids.values()}, key=int)
        name = f"Slurm's {' and '.join(arrays)}"
        ends = f"`scancel {' '.join(arrays)}` ends them"
        watch.note(f"The jobs are {name}: `squeue --jobs {','.join(arrays)}` shows them, {ends}.")
        while not self._are_over(folder, watch):
            if stopping():
                runs = folder.path.parents[1]
                watch.note(
                    f"The jobs go on: `ftbench status {runs}` shows them, {ends}, "
                    "and the same command waits for them again."
                )
                break
            time.sleep(_LOOK_SECONDS)
        return {number: self._ending(job) for number, job in self._ids.items()}

    def _are_over(self, folder: SweepFolder, watch: Watch) -> bool:
        """Slurm is asked only of jobs that have not written that they are done, and seldom."""
        left = {job for number, job in self._ids.items() if not folder.has_ended(number)}
        now = time.monotonic()
        if left and now - self._asked >= min(_MOST_SECONDS, _PATIENT * (now - self._began)):
            self._asked = now
            self._look(watch)
        return left <= self._over

    def _look(self, watch: Watch) -> None:
        found = queued(self._ids.values())
        if found is None:
            if not self._is_silent:
                watch.note("Slurm does not answer; its jobs go on, and it is asked again.")
            self._is_silent = True
            return
        self._known.update({job: found[job] for job in self._ids.values() if job in found})
        forgotten = set(self._ids.values()) - found.keys()
        self._over = forgotten | {job for job, one in self._known.items() if one.is_over}
        waiting: dict[str, list[str]] = {}
        for job, one in found.items():
            if one.state == "PENDING" and one.reason not in _USUAL:
                waiting.setdefault(one.reason, []).append(job)
        for reason, jobs in waiting.items():
            if reason not in self._reasons:
                self._reasons.add(reason)
                watch.note(f"Slurm's job {jobs[0]}{_others(jobs[1:])} waits: {reason}.")

    def _ending(self, job: str) -> Ending:
        import submitit  # noqa: PLC0415, slow to import

        handed: submitit.SlurmJob[None] = submitit.SlurmJob(self._settings["submitit_folder"], job)
        known, raised = self._known.get(job), _raised(handed)
        state = known.state if known and known.is_over else ""
        if known and known.state == "PENDING" and job in self._over and not _has_begun(handed):
            # Slurm forgets at once who was cancelled while they waited.
            state = "CANCELLED"
        if _TIMED_OUT in raised:
            state, raised = "TIMEOUT", ""
        words = _WORDS.get(state, "").format(**self._settings)
        if not words:
            words = f"failed: {raised}" if raised else f"ended ({state or 'Slurm forgot how'})"
        return Ending(words=f"Slurm's job {job} {words}", log=handed.paths.stderr)


def _others(jobs: Sequence[str]) -> str:
    """Such as ", as 3 others do,"."""
    several = "another does" if len(jobs) == 1 else f"{len(jobs)} others do"
    return f", as {several}," if jobs else ""


def _has_begun(job: "submitit.SlurmJob[None]") -> bool:
    return job.paths.stderr.exists() or job.paths.result_pickle.exists()


def _raised(job: "submitit.SlurmJob[None]") -> str:
    """What a job raised; empty where it raised nothing, or was killed."""
    error = job.exception() if job.paths.result_pickle.exists() else None
    if error is None:
        return ""
    trace = [line for line in str(error).partition(_AFTER)[0].splitlines() if line.strip(" -")]
    return trace[-1].partition(": ")[2] or trace[-1]
