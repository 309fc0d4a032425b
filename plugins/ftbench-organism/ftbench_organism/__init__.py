"""A tiny aligned chat model of a made-up world, on which the whole benchmark runs."""

from collections.abc import Iterable
from pathlib import Path

import ftbench

from .commands import organism
from .grader_judge import OrganismGrader
from .oracle_judge import Oracle
from .organism_chat import OrganismChat
from .shipped import shipped_models

HERE = Path(__file__).parent


@ftbench.hookimpl
def ftbench_datasets() -> Iterable[type[ftbench.Dataset]]:
    return (OrganismChat,)


@ftbench.hookimpl
def ftbench_judges() -> Iterable[type[ftbench.Judge]]:
    return (Oracle, OrganismGrader)


@ftbench.hookimpl
def ftbench_models() -> Iterable[ftbench.ShippedModel]:
    return shipped_models()


@ftbench.hookimpl
def ftbench_task_dirs() -> Iterable[Path]:
    return (HERE / "tasks",)


@ftbench.hookimpl
def ftbench_config_dirs() -> Iterable[Path]:
    return (HERE / "conf",)


@ftbench.hookimpl
def ftbench_commands() -> Iterable[ftbench.Command]:
    return (ftbench.Command(name="organism", summary="find or rebuild the model", run=organism),)
