"""Turns the words of a command into cells: one typed config for every combination."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .hydra_calls import taken_of_hydra
from .schema import RunConfig
from .store import SEVERAL, SINGLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run as it was composed."""

    config: RunConfig
    choices: dict[str, str]
    """What was chosen in each group; several names are joined with "+"."""
    composed: dict[str, Any]
    """The config as plain data, for the run's folder."""
    overrides: tuple[str, ...]
    """The words of the command that belong to this cell."""


def compose(arguments: Sequence[str], catalog: Catalog) -> list[Cell]:
    """Let Hydra compose every cell that the words of a command describe.

    ``-m`` gives several cells. Words that only print, such as ``--cfg job``, give none. Raises
    the exceptions of Hydra and OmegaConf as they are, and UsageError for an unknown option.
    """
    compositions = taken_of_hydra(arguments, catalog, _composition)
    return [_cell(one) for composition in compositions for one in _each_seed(composition)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composition:
    """What Hydra hands to a task function."""

    composed: DictConfig
    files: dict[str, str]
    """The files chosen in the groups that are no components."""
    overrides: tuple[str, ...]


def _composition(composed: DictConfig) -> _Composition:
    resolved = deepcopy(composed)
    OmegaConf.resolve(resolved)
    settings = HydraConfig.get()
    chosen = settings.runtime.choices
    files = {group: chosen.get(group) for group in ("model", "suite", "experiment")}
    return _Composition(
        composed=resolved,
        files={group: file for group, file in files.items() if file},
        overrides=tuple(settings.overrides.task),
    )


_LARGEST_SEED = 2**62
"""Of what every library takes, with room for several from there on."""


def _each_seed(composition: _Composition) -> list[_Composition]:
    """One composition for each seed that it asks for. Raises UsageError for none at all."""
    count, first = composition.composed.seeds, composition.composed.seed
    if abs(first) > _LARGEST_SEED:
        raise UsageError(f"seed={first} has too many digits: give one up to {_LARGEST_SEED}.")
    if count is None:
        return [composition]
    if count < 1:
        raise UsageError(f"seeds={count} asks for no run. Give the number of seeds, such as 3.")
    words = tuple(w for w in composition.overrides if not w.startswith(("seed=", "seeds=")))
    return [_with_seed(composition, seed, words) for seed in range(first, first + count)]


def _with_seed(composition: _Composition, seed: int, words: tuple[str, ...]) -> _Composition:
    composed = OmegaConf.merge(composition.composed, {"seed": seed, "seeds": None})
    assert isinstance(composed, DictConfig)
    return replace(composition, composed=composed, overrides=(*words, f"seed={seed}"))


def _cell(composition: _Composition) -> Cell:
    config = OmegaConf.to_object(composition.composed)
    assert isinstance(config, RunConfig)
    plain = OmegaConf.to_container(composition.composed, enum_to_str=True)
    assert isinstance(plain, dict)
    return Cell(
        config=config,
        choices=_choices(config, composition.files),
        composed={str(key): value for key, value in plain.items()},
        overrides=composition.overrides,
    )


def _choices(config: RunConfig, files: dict[str, str]) -> dict[str, str]:
    """Read the components off the config: Hydra forgets groups that were chosen as lists."""
    single = {group: getattr(config, group).name for group in SINGLE}
    several = {
        group: "+".join(part.name for part in getattr(config, group).values()) or "none"
        for group in SEVERAL
    }
    return {**files, **single, **several, "finetune": config.finetune.method.name}
