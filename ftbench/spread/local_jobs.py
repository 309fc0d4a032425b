"""Waits for the jobs of a sweep that are processes of this machine, and stops them when asked."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from .outcomes import Ending
from .sweep_folder import SweepFolder

if TYPE_CHECKING:
    import submitit

_LOOK_SECONDS = 1.0


def wait_here(
    jobs: "Mapping[int, submitit.Job[None]]", folder: SweepFolder, stopping: Callable[[], bool]
) -> dict[int, Ending]:
    """Until all are over, also once the user asked to stop: they are told to, and do it soon."""
    is_told = False
    while going := [job for n, job in jobs.items() if not job.done() or folder.is_under_way(n)]:
        if stopping() and not is_told:
            is_told = True
            for job in going:
                with suppress(ProcessLookupError):
                    os.kill(int(job.job_id), signal.SIGTERM)
        time.sleep(_LOOK_SECONDS)
    return {
        number: Ending(words=f"Process {job.job_id} {_end(job)}", log=job.paths.stderr)
        for number, job in jobs.items()
    }


def _end(job: "submitit.Job[None]") -> str:
    """Submitit calls a process interrupted that a signal has ended."""
    return "was killed" if job.state == "INTERRUPTED" else "ended"
