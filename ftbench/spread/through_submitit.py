"""Has the jobs of a sweep done through submitit: by Slurm, or by processes of this machine.

The settings are those of Hydra's launchers ``submitit_slurm`` and ``submitit_local``. Hydra's
own code is not asked, because it gives up at the first job that fails or is cancelled, and
without accounting in Slurm waits for such a job without end.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftbench.config.launchers import Launcher
from ftbench.errors import UsageError
from ftbench.stages.watch import Watch

from .following import followed
from .job import Job
from .local_jobs import wait_here
from .outcomes import Ending
from .slurm_jobs import SlurmJobs
from .submitted import Submitted
from .sweep_folder import SweepFolder
from .through_hydra import not_begun

if TYPE_CHECKING:
    import submitit

_LAUNCHERS = "hydra_plugins.hydra_submitit_launcher.submitit_launcher"
_SLURM, _LOCAL = "slurm", "local"
_CLUSTERS = {f"{_LAUNCHERS}.SlurmLauncher": _SLURM, f"{_LAUNCHERS}.LocalLauncher": _LOCAL}
_OURS = ("_target_", "submitit_folder")
_OF_EXECUTOR = "max_num_timeout"
_OF_DELAY, _LOCAL_DELAY_SECONDS = 0.75, 30
"""How much of the time between submitit's signal and the end of a job its group may take."""
_OF_SITES = ("SLURM_CONF", "SUBMITIT_PREEMPT_SIGNAL")
"""What stands in the environment of a cluster, and not of one job."""


def is_submitits(settings: Mapping[str, Any]) -> bool:
    """Whether a launcher with these settings asks submitit."""
    return settings.get("_target_") in _CLUSTERS


def is_slurms(settings: Mapping[str, Any]) -> bool:
    """Whether it asks submitit for Slurm."""
    return is_submitits(settings) and _CLUSTERS[settings["_target_"]] == _SLURM


def submitted(
    launcher: Launcher,
    settings: Mapping[str, Any],
    job: Job,
    going: Mapping[int, str],
    *,
    watch: Watch,
    stopping: Callable[[], bool],
) -> dict[int, Ending]:
    """Hand over all jobs but those of an earlier command that are ``going`` on; wait for all.

    Raises UsageError where submitit cannot hand them over.
    """
    folder = SweepFolder(path=Path(job.folder))
    numbers = [number for number in range(len(folder.groups())) if number not in going]
    for number in numbers:
        folder.forget_state(number)
    try:
        jobs = dict(zip(numbers, _submit(settings, job, numbers), strict=True))
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(not_begun(launcher, error)) from error
    with followed(folder, watch):
        if not is_slurms(settings):
            return wait_here(jobs, folder, stopping)
        names = {**going, **{number: one.job_id for number, one in jobs.items()}}
        folder.put_scheduled(names)
        return SlurmJobs(names, settings).wait(folder, watch, stopping)


def _submit(
    settings: Mapping[str, Any], job: Job, numbers: Sequence[int]
) -> "list[submitit.Job[None]]":
    """Several jobs are one array where Slurm does them."""
    import submitit  # noqa: PLC0415, slow to import

    for name in ("nodes", "tasks_per_node"):
        if settings[name] != 1:
            raise UsageError(
                f"hydra.launcher.{name}={settings[name]} would do each job {settings[name]} times: "
                "leave it at 1. More jobs at once come of a smaller cells_per_job."
            )
    if not numbers:
        return []
    cluster = _CLUSTERS[settings["_target_"]]
    rest = {f"{cluster}_{k}": value for k, value in settings.items() if k not in _OURS}
    limit = f"{cluster}_{_OF_EXECUTOR}"
    limits = {limit: rest.pop(limit)} if limit in rest else {}
    executor = submitit.AutoExecutor(settings["submitit_folder"], cluster=cluster, **limits)
    executor.update_parameters(**rest)
    patience = _OF_DELAY * settings.get("signal_delay_s", _LOCAL_DELAY_SECONDS)
    is_here = cluster == _LOCAL
    task = Submitted(job=job, patience_seconds=patience, has_cache=is_here)
    with _deaf_to_ctrl_c() if is_here else _outside_of_jobs():
        return executor.map_array(task, numbers)


@contextmanager
def _outside_of_jobs() -> Iterator[None]:
    """A job that is submitted from within another must not take over what that one was given."""
    if "SLURM_JOB_ID" not in os.environ:
        yield
        return
    from submitit.helpers import clean_env  # noqa: PLC0415, slow to import

    kept = {name: os.environ[name] for name in _OF_SITES if name in os.environ}
    with clean_env():
        os.environ.update(kept)
        yield


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started meanwhile takes no notice of it: the command tells its jobs to stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
