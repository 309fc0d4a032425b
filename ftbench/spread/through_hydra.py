"""Has the jobs of a sweep done by any launcher of Hydra's, and waits until none goes on."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from ftbench.config.compose import Cell
from ftbench.config.launchers import Launcher
from ftbench.errors import UsageError
from ftbench.stages.watch import Watch

from .following import followed
from .job import Job
from .outcomes import Ending
from .sweep_folder import SweepFolder

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0


def launched(
    launcher: Launcher, job: Job, like: Cell, *, watch: Watch, stopping: Callable[[], bool]
) -> dict[int, Ending]:
    """Let a launcher do all jobs; where one did not end well, what the launcher says of them.

    Raises UsageError where it began none.
    """
    folder = SweepFolder(path=Path(job.folder))
    with followed(folder, watch, stopping):
        fault = _launched(launcher, job, folder, like, stopping)
        _wait(folder, stopping)
    if not fault:
        return {}
    words = "was ended before it was done, or cancelled; the launcher says:"
    numbers = range(len(folder.groups()))
    return {number: Ending(words=f"Job {number} {words} {fault}") for number in numbers}


def _launched(
    launcher: Launcher, job: Job, folder: SweepFolder, like: Cell, stopping: Callable[[], bool]
) -> str:
    count = len(folder.groups())
    try:
        launcher.launch(job, like, jobs=count, folder=folder.path / "jobs")
    except KeyboardInterrupt:
        if not stopping():
            raise
        return ""
    except Exception as error:
        if not any(folder.newest_state(number) for number in range(count)):
            raise UsageError(not_begun(launcher, error)) from error
        _log.debug("The launcher raised", exc_info=True)
        return _words(error)
    return ""


def not_begun(launcher: Launcher, error: Exception) -> str:
    """That a launcher began no job, and what it says of that."""
    return f"hydra/launcher={launcher.name} could not begin any job. It says: {_words(error)}."


def _words(error: Exception) -> str:
    """The first line of what a launcher raised, which may hold a traceback of the job's."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _wait(folder: SweepFolder, stopping: Callable[[], bool]) -> None:
    """A launcher may give up at the first job that fails, while others still go on."""
    numbers = range(len(folder.groups()))
    while not stopping() and any(map(folder.is_under_way, numbers)):
        time.sleep(_LOOK_SECONDS)
