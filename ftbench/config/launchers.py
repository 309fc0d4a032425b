"""Which launcher of Hydra's a sweep is given to, and how it is asked to do work elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.locations import CONF_DIR
from ftbench.plugin.catalog import Catalog

from .compose import Cell
from .hydra_calls import hand_over, is_of_launcher, quoted, split_words
from .store import register_configs

_HERE = ("basic", "joint")
"""Launchers whose cells this process does, all of them together."""
_FOLDER_OPTIONS = ("--config-dir", "-cd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """A launcher of Hydra's that takes jobs elsewhere: to other processes, to a cluster."""

    name: str
    options: tuple[str, ...]
    """Hydra's own options that were typed, ``-m`` among them."""
    words: tuple[str, ...]
    """What was typed of the launcher and its settings."""

    def launch(self, task: Callable[[Any], Any], like: Cell, *, jobs: int, folder: Path) -> None:
        """Call ``task`` once for each job, by its number in ``hydra.job.num``; wait for them all.

        Every job is composed ``like`` one cell; what a job is to do is the task's own affair.
        Raises what the launcher raises, such as for a job that was cancelled.
        """
        own = [word for word in like.overrides if not word.startswith("name=")]
        numbered = "name=" + ",".join(f"job{number}" for number in range(jobs))
        hand_over(task, self.options, [*own, *self.words, numbered], folder=str(folder))

    def settings(self, like: Cell, *, folder: Path) -> dict[str, Any]:
        """Its own settings as ``like`` is composed, ``_target_`` among them, which is its class.

        Where they name the folder of Hydra's sweep, it is this one.
        """
        from omegaconf import OmegaConf  # noqa: PLC0415, slow to import

        place = f"hydra.sweep.dir={quoted(str(folder))}"
        composed = _composed(self.options, [*like.overrides, *self.words, place])
        settings = OmegaConf.to_container(composed.hydra.launcher, resolve=True)
        assert isinstance(settings, dict)
        return {str(name): value for name, value in settings.items()}


def launcher_of(
    arguments: Sequence[str], cells: Sequence[Cell], catalog: Catalog
) -> Launcher | None:
    """The launcher that a command chooses; None where this process does the work itself.

    Raises the exceptions of Hydra and OmegaConf for one that is not there, or set wrongly.
    """
    options, overrides = split_words(arguments)
    if not cells or not {"-m", "--multirun"} & set(options):
        return None
    words = [word for word in overrides if is_of_launcher(word)]
    register_configs(catalog)
    composed = _composed(options, [*cells[0].overrides, *words])
    name = str(composed.hydra.runtime.choices["hydra/launcher"])
    if name in _HERE:
        return None
    return Launcher(name=name, options=tuple(options), words=tuple(words))


def _composed(options: Sequence[str], overrides: Sequence[str]) -> Any:
    from hydra import compose, initialize_config_dir  # noqa: PLC0415, slow to import

    pairs = zip(options, options[1:], strict=False)
    places = [value for option, value in pairs if option in _FOLDER_OPTIONS]
    places += [word.partition("=")[2] for word in options if word.startswith("--config-dir=")]
    searched = ",".join(f"file://{Path(place).resolve()}" for place in places)
    words = [*overrides, *([f"hydra.searchpath=[{searched}]"] if places else [])]
    with initialize_config_dir(str(CONF_DIR), version_base="1.3", job_name="ftbench"):
        return compose("run", overrides=words, return_hydra_config=True)
