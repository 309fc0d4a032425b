"""``hydra/launcher=joint``: all cells of a sweep are composed, and handed over to be run as one."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict


@dataclass
class JointConfig:
    """It has no settings: how cells share work is the backend's affair."""

    _target_: str = "hydra_plugins.ftbench_joint.JointLauncher"


ConfigStore.instance().store(
    group="hydra/launcher", name="joint", node=JointConfig, provider="ftbench-joint"
)


class JointLauncher(Launcher):
    """Composes every cell before any is run, in this process, and writes nothing.

    ftbench runs what it took of them in one call of ``ftbench.pipeline.run``.
    """

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Remember who composes, and who takes the cells."""
        self._composer = hydra_context.config_loader
        self._take = task_function
        self._sweep = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Hand over every cell, in order."""
        setup_globals()
        return [self._handed(list(o), initial_job_idx + n) for n, o in enumerate(job_overrides)]

    def _handed(self, overrides: list[str], number: int) -> JobReturn:
        composed: Any = self._composer.load_sweep_config(self._sweep, overrides)
        with open_dict(composed):
            composed.hydra.job.update(id=str(number), num=number)
        cell = deepcopy(composed)
        with open_dict(cell):
            del cell["hydra"]
        HydraConfig.instance().set_config(composed)
        return JobReturn(
            overrides=overrides,
            cfg=cell,
            status=JobStatus.COMPLETED,
            _return_value=self._take(cell),
        )
