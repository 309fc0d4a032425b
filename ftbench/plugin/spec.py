"""The hooks a plugin may implement. All are optional; each returns what the plugin offers."""

from collections.abc import Iterable
from pathlib import Path

from ftbench.roles import Attack, Audit, Backend, Dataset, Defense, Judge, Method, Publisher

from . import hookspec
from .offers import Command, ShippedModel


@hookspec
def ftbench_datasets() -> Iterable[type[Dataset]]:
    """Offer honest data to fine-tune on."""
    return ()


@hookspec
def ftbench_attacks() -> Iterable[type[Attack]]:
    """Offer ways to make a training set harmful."""
    return ()


@hookspec
def ftbench_defenses() -> Iterable[type[Defense]]:
    """Offer ways to keep the model safe while it is fine-tuned."""
    return ()


@hookspec
def ftbench_audits() -> Iterable[type[Audit]]:
    """Offer ways to look at a training set before training."""
    return ()


@hookspec
def ftbench_methods() -> Iterable[type[Method]]:
    """Offer choices of which weights are trained: ``finetune=lora``."""
    return ()


@hookspec
def ftbench_backends() -> Iterable[type[Backend]]:
    """Offer places to fine-tune and ask: a local GPU, a provider's API."""
    return ()


@hookspec
def ftbench_judges() -> Iterable[type[Judge]]:
    """Offer ways to tell whether a response is harmful."""
    return ()


@hookspec
def ftbench_publishers() -> Iterable[type[Publisher]]:
    """Offer places to send a result to."""
    return ()


@hookspec
def ftbench_models() -> Iterable[ShippedModel]:
    """Offer models whose weights are inside the plugin."""
    return ()


@hookspec
def ftbench_task_dirs() -> Iterable[Path]:
    """Offer folders of lm-eval tasks, laid out as ``tasks/``."""
    return ()


@hookspec
def ftbench_config_dirs() -> Iterable[Path]:
    """Offer folders of Hydra configs, laid out as ``conf/``."""
    return ()


@hookspec
def ftbench_commands() -> Iterable[Command]:
    """Offer words of the command line: ``ftbench organism``."""
    return ()
