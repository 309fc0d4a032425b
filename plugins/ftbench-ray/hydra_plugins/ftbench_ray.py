"""``hydra/launcher=ftbench_ray``: every job is a task of a Ray cluster that is there already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict


@dataclass
class RayConfig:
    """Where the cluster is, and what a job takes of one of its nodes."""

    _target_: str = "hydra_plugins.ftbench_ray.RayLauncher"
    address: str = "auto"
    """``HOST:PORT``; ``auto`` is $RAY_ADDRESS or the cluster that this machine is a node of."""
    num_gpus: float | None = None
    """Of a job; 0.5 puts two jobs on one GPU. null is 1 where a node has a GPU, else 0."""
    num_cpus: float = 1.0
    """Of a job, and as many threads."""
    resources: dict[str, float] = field(default_factory=dict)
    """What else its node must have, as ``ray start --resources`` names it."""
    max_retries: int = 3
    """How often a job is done anew after its node died; -1 is as often as it takes."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables of the jobs, beside the FTBENCH_* of the command; secrets do not belong here."""
    grows: bool = False
    """Whether the cluster adds nodes by itself, so that what no node has yet may come."""


ConfigStore.instance().store(
    group="hydra/launcher", name="ftbench_ray", node=RayConfig, provider="ftbench-ray"
)


class RayLauncher(Launcher):
    """Composes every job here, and has a node of the cluster call the task with it."""

    def __init__(self, **settings: Any) -> None:
        """Take the settings of ``hydra.launcher``."""
        self._settings = settings

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Remember who composes, and what the jobs call."""
        self._composer = hydra_context.config_loader
        self._task = task_function
        self._sweep = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Have every job done; one that fails is told when all have ended."""
        from ftbench_ray.launching import Settings, launched  # noqa: PLC0415, only where it is used

        setup_globals()
        jobs = [self._job(list(o), initial_job_idx + n) for n, o in enumerate(job_overrides)]
        return launched(self._task, jobs, Settings(**self._settings))

    def _job(self, overrides: list[str], number: int) -> DictConfig:
        composed: Any = self._composer.load_sweep_config(self._sweep, overrides)
        with open_dict(composed):
            composed.hydra.job.update(id=str(number), num=number)
        OmegaConf.set_readonly(composed.hydra, True)
        job: DictConfig = composed
        return job
