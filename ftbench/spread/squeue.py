"""What Slurm says of jobs: asked of ``squeue``, which every Slurm has; accounting many have not."""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ENDED = frozenset(
    {
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    }
)
_FORGOTTEN = "Invalid job id"
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One job that Slurm knows: for some minutes more after it ended."""

    state: str
    reason: str
    """Why it waits."""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left; one that is queued again is not over."""
        return self.state in _ENDED

    @property
    def is_ending(self) -> bool:
        """Whether it is over, or its processes are being ended."""
        return self.is_over or self.state == "COMPLETING"


def array_of(job: str) -> str:
    """The array that a job belongs to; itself where it belongs to none."""
    return job.partition("_")[0]


def queued(jobs: Iterable[str]) -> Mapping[str, Queued] | None:
    """What Slurm knows of jobs, by name; None where it does not answer now.

    A job that is missing has ended, and Slurm has forgotten it.
    """
    arrays = ",".join(sorted({array_of(job) for job in jobs}))
    words = ["--noheader", "--array", "--states=all", "--format=%i|%T|%r", f"--jobs={arrays}"]
    try:
        asked = subprocess.run(  # noqa: S603
            ["squeue", *words],  # noqa: S607
            capture_output=True,
            check=False,
            text=True,
            timeout=_PATIENCE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if asked.returncode:
        return {} if _FORGOTTEN in asked.stderr else None
    lines = [line.strip().split("|") for line in asked.stdout.splitlines() if "|" in line]
    return {name: Queued(state=state, reason=reason) for name, state, reason in lines}
