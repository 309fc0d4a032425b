"""Tells Hydra about our schema and about everything the plugins offer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from ftbench.plugin.catalog import Catalog, Offer
from ftbench.plugin.manager import Problem, words_of

from .schema import FineTuneConfig, RunConfig

SCHEMA = "run_schema"
SINGLE = ("dataset", "attack", "backend")
"""Groups of which one component is chosen."""
SEVERAL = ("defense", "audit", "judge", "publisher")
"""Groups of which any number is chosen, in order."""
FINETUNE = "finetune"
"""The group of methods: ``finetune=lora`` is a FineTuneConfig with that method."""


def register_configs(catalog: Catalog) -> tuple[Problem, ...]:
    """Make every component a config of its group, as if it were a YAML file.

    Replaces what an earlier catalog registered. Returns a problem for each component whose
    fields cannot be a config; it cannot be chosen, the others can.
    """
    store = ConfigStore.instance()
    for group in (*SINGLE, *SEVERAL, FINETUNE):
        store.repo.pop(group, None)
    store.store(name=SCHEMA, node=RunConfig, provider="ftbench")
    problems = [_store(entry) for entry in _entries(catalog)]
    PluginConfigDirs.folders = catalog.config_dirs
    Plugins.instance().register(PluginConfigDirs)
    return tuple(problem for problem in problems if problem)


class PluginConfigDirs(SearchPathPlugin):
    """Adds the config folders of the plugins to Hydra's search path."""

    folders: ClassVar[tuple[Path, ...]] = ()
    """Hydra makes the object itself, so that it can only be told through the class."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append our folders; Hydra calls this once per composition."""
        for folder in self.folders:
            search_path.append(provider="ftbench plugin", path=f"file://{folder}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A component's place in the tree of configs."""

    group: str
    package: str
    offer: Offer

    def node(self) -> Any:
        """The typed config behind the choice."""
        made = self.offer.thing
        return FineTuneConfig(method=made()) if self.group == FINETUNE else made


def _entries(catalog: Catalog) -> list[_Entry]:
    single = [(group, group, False) for group in SINGLE]
    several = [(group, group, True) for group in SEVERAL]
    places = [*single, *several, ("method", FINETUNE, False)]
    return [
        _Entry(group=group, package=f"{group}.{name}" if own_key else group, offer=offer)
        for role, group, own_key in places
        for name, offer in catalog.components[role].items()
    ]


def _store(entry: _Entry) -> Problem | None:
    offer = entry.offer
    try:
        ConfigStore.instance().store(
            group=entry.group,
            name=offer.name,
            node=entry.node(),
            package=entry.package,
            provider=offer.package,
        )
    except Exception as error:  # noqa: BLE001, a plugin's fields may raise anything
        what = f"offers {entry.group}={offer.name}, whose fields are no config: {words_of(error)}"
        return Problem(package=offer.package, what=what)
    return None
