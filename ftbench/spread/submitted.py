"""What submitit calls on a node: a job that can be stopped there, and queued again."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .job import Job, await_end

if TYPE_CHECKING:
    import submitit

_LOOK_SECONDS = 0.1


@dataclass(kw_only=True)
class Submitted:
    """Does a group, and has its process hear what only this one is told."""

    job: Job
    patience_seconds: float
    """How long a group that is stopped may finish what it has in hand, before it is killed."""
    has_cache: bool = True
    """Whether the user's usual cache can be used: nodes may share that folder, and SQLite cannot
    be written from several machines. A folder named in FTBENCH_CACHE is always used."""
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)

    def __call__(self, number: int) -> None:
        """Do a group. Many a Slurm tells a cancelled job's first process alone: it passes that on.

        submitit itself takes no notice of SIGTERM.
        """
        if not self.has_cache:
            os.environ.setdefault("FTBENCH_CACHE", "off")
        with self.job.begun(number) as process, _told(process):
            self._process = process
            await_end(process)

    def checkpoint(self, number: int) -> "submitit.helpers.DelayedSubmission":
        """What is queued in place of a job whose time is over, or that has to make room.

        submitit calls this as the signal comes; the group stops where it can go on.
        """
        from submitit.helpers import DelayedSubmission  # noqa: PLC0415, slow to import

        if self._process is not None:
            self._process.terminate()
            _await(self._process.pid, self.patience_seconds)
        return DelayedSubmission(replace(self), number)


@contextmanager
def _told(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _await(process: int, seconds: float) -> None:
    """Wait without reaping: whom the signal interrupted may hold the lock of ``Popen.wait``."""
    until = time.monotonic() + seconds
    with suppress(ChildProcessError):
        while time.monotonic() < until:
            if os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
                return
            time.sleep(_LOOK_SECONDS)
