"""How jobs are done on a cluster: one task of Ray's each, awaited, done anew, called off."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from ftbench.errors import FtbenchError, StorageError, UsageError

from .cluster import joined
from .needs import Needs, has_gpu, lack
from .patience import HEAD_GONE, Patience

Task = Callable[[Any], Any]
_LOOK_SECONDS = 2.0
_FORWARDED = "FTBENCH_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Those of ``hydra.launcher``; see ``hydra_plugins.ftbench_ray``."""

    address: str
    num_gpus: float | None
    num_cpus: float
    resources: Mapping[str, float]
    max_retries: int
    environment: Mapping[str, str]
    grows: bool


def launched(task: Task, jobs: Sequence[DictConfig], settings: Settings) -> list[JobReturn]:
    """Have nodes call the task with every job; what became of each, in order.

    Raises UsageError where no cluster can be joined, or none of its nodes can do a job. An
    interrupt calls the jobs off, and waits until they have stopped where they can go on.
    """
    needs = Needs(
        num_gpus=settings.num_gpus, num_cpus=settings.num_cpus, resources=settings.resources
    )
    with joined(settings.address, retries=settings.max_retries) as ray:
        if needs.num_gpus is None:
            needs = replace(needs, num_gpus=float(has_gpu(ray)))
        if not settings.grows and (why := lack(needs, ray)):
            raise UsageError(why)
        call = _remote(ray, needs, settings.max_retries)
        told = {k: v for k, v in os.environ.items() if k.startswith(_FORWARDED)}
        told.update(settings.environment)
        sent = ray.put(_returning(task))
        handles = {call.remote(sent, *_parts(job), told): job for job in jobs}
        found: dict[Any, JobReturn] = {}

        def ended(handle: Any, why: str) -> None:
            found[handle] = _outcome(ray, handles[handle], handle, why)
            _give_back(task, handles[handle], found[handle])

        _await(ray, list(handles), None if settings.grows else needs, ended)
        return [found[handle] for handle in handles]


def done(task: Task, cell: DictConfig, hydra: DictConfig, environment: Mapping[str, str]) -> Any:
    """Call the task with a job: what a node of the cluster does."""
    os.environ.update(environment)
    HydraConfig.instance().set_config(hydra)
    return task(cell)


def _parts(job: DictConfig) -> tuple[DictConfig, DictConfig]:
    """The cell as plain data, whose classes a node need not have, and Hydra's own part."""
    cell: Any = OmegaConf.to_container(job)
    del cell["hydra"]
    return OmegaConf.create(cell), OmegaConf.masked_copy(job, "hydra")


def _remote(ray: Any, needs: Needs, max_retries: int) -> Any:
    return ray.remote(
        num_gpus=needs.num_gpus,
        num_cpus=needs.num_cpus,
        resources=dict(needs.resources),
        max_retries=max_retries,
        retry_exceptions=False,
        scheduling_strategy="SPREAD",
    )(done)


def _returning(task: Task) -> Task:
    """A task may want to know, on this machine, what a call of it returned on another."""
    make = getattr(task, "returning", None)
    made: Task = task if make is None else make()
    return made


def _give_back(task: Task, job: DictConfig, found: JobReturn) -> None:
    receive = getattr(task, "receive", None)
    if receive is not None and found.status == JobStatus.COMPLETED:
        receive(job.hydra.job.num, found.return_value)


def _await(
    ray: Any, handles: Sequence[Any], needs: Needs | None, ended: Callable[[Any, str], None]
) -> None:
    """Wait for every task, and tell of each that ended, and why it was called off where it was."""
    pending, patience = list(handles), Patience(ray, needs)
    try:
        while pending:
            ready, pending = ray.wait(pending, num_returns=len(pending), timeout=_LOOK_SECONDS)
            for handle in ready:
                ended(handle, "")
            why = patience.lost() if pending else ""
            if why and why != HEAD_GONE:
                _call_off(ray, pending)
            for handle in pending if why else ():
                ended(handle, why)
            if why:
                return
    except KeyboardInterrupt:
        _call_off(ray, pending)
        raise


def _call_off(ray: Any, handles: Sequence[Any]) -> None:
    for handle in handles:
        ray.cancel(handle)
    ray.wait(list(handles), num_returns=len(handles), timeout=None)


def _outcome(ray: Any, job: DictConfig, handle: Any, why: str) -> JobReturn:
    overrides = list(job.hydra.overrides.task)
    found = JobReturn(overrides=overrides, cfg=job, status=JobStatus.COMPLETED)
    if why == HEAD_GONE:
        found.status, found.return_value = JobStatus.FAILED, StorageError(why)
        return found
    try:
        found.return_value = ray.get(handle)
    except Exception as error:  # noqa: BLE001, a failed job leaves the others
        found.status = JobStatus.FAILED
        found.return_value = _in_words(ray.exceptions, error, why)
    return found


def _in_words(known: Any, error: Exception, why: str) -> Exception:
    """What a job ended with, without the traceback of its node."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, FtbenchError):
        return cause
    if isinstance(error, known.TaskCancelledError):
        return UsageError(why or "It was called off.")
    if isinstance(error, known.OutOfMemoryError):
        return StorageError(
            "Its node had no memory left, as often as hydra.launcher.max_retries allows: put "
            "fewer jobs on a node by asking for more hydra.launcher.num_cpus or num_gpus."
        )
    if isinstance(error, known.WorkerCrashedError | known.NodeDiedError):
        return StorageError("Its node died, as often as hydra.launcher.max_retries allows.")
    if isinstance(cause, ImportError) or "failed to import" in str(error):
        return UsageError(
            "A node cannot import what this machine can: install the same ftbench, plugins and "
            f"versions on every node ({str(error).strip().splitlines()[-1]})."
        )
    return error
