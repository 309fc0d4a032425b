"""What the installed plugins offer, checked. What is broken is named; the rest still works."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

from ftbench.roles import ROLES, Component

from .manager import Plugin, Problem, installed_plugins, is_first_party, words_of
from .offers import Command, ShippedModel

HOOK_OF_ROLE = {role: f"ftbench_{role}s" for role in ROLES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A thing that can be chosen by name, and the package that brings it."""

    name: str
    thing: Any
    package: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that can be chosen, by kind and name."""

    components: Mapping[str, dict[str, Offer]]
    """By role, then by name; the thing is a component class."""
    models: dict[str, ShippedModel]
    commands: dict[str, Command]
    task_dirs: tuple[Path, ...]
    config_dirs: tuple[Path, ...]
    plugins: tuple[Plugin, ...]
    problems: tuple[Problem, ...]

    def offer(self, role: str, component: Component) -> Offer:
        """The offer behind a component of a composed config."""
        return self.components[role][component.name]


def nothing_offered() -> Catalog:
    """The catalog of who does not ask any plugin."""
    return _Reader().read(())


def read_catalog() -> Catalog:
    """Ask every installed plugin what it offers."""
    return _Reader().read(installed_plugins())


@dataclass
class _Reader:
    problems: list[Problem] = field(default_factory=list)

    def read(self, plugins: tuple[Plugin, ...]) -> Catalog:
        self.problems += [plugin.problem for plugin in plugins if plugin.problem]
        components = {role: self._named(plugins, hook, role) for role, hook in HOOK_OF_ROLE.items()}
        models = self._named(plugins, "ftbench_models", "model", ShippedModel)
        commands = self._named(plugins, "ftbench_commands", "command", Command)
        return Catalog(
            components=components,
            models={name: offer.thing for name, offer in models.items()},
            commands={name: offer.thing for name, offer in commands.items()},
            task_dirs=tuple(self._folders(plugins, "ftbench_task_dirs")),
            config_dirs=tuple(self._folders(plugins, "ftbench_config_dirs")),
            plugins=plugins,
            problems=tuple(self.problems),
        )

    def _named(
        self, plugins: tuple[Plugin, ...], hook: str, word: str, shape: type | None = None
    ) -> dict[str, Offer]:
        found: dict[str, Offer] = {}
        contested: set[str] = set()
        for plugin, thing in self._offered(plugins, hook):
            fault = _fault(thing, shape) if shape else _component_fault(thing, word)
            if fault:
                self._report(plugin, fault)
                continue
            offer = Offer(
                name=thing.name, thing=thing, package=plugin.package, version=plugin.version
            )
            if rival := found.get(offer.name):
                self._report(
                    plugin,
                    f"offers the {word} {offer.name!r}, a name that {rival.package!r} has already.",
                )
                if not is_first_party(rival.package):
                    contested.add(offer.name)
                continue
            found[offer.name] = offer
        return {name: found[name] for name in sorted(found) if name not in contested}

    def _folders(self, plugins: tuple[Plugin, ...], hook: str) -> Iterator[Path]:
        for plugin, folder in self._offered(plugins, hook):
            if isinstance(folder, Path) and folder.is_dir():
                yield folder
            else:
                where = str(folder) if isinstance(folder, Path) else f"a {type(folder).__name__}"
                self._report(plugin, f"offers {where} in {hook}, which is no folder.")

    def _offered(self, plugins: tuple[Plugin, ...], hook: str) -> Iterator[tuple[Plugin, Any]]:
        for plugin in plugins:
            if plugin.manager is not None:
                for thing in self._ask(plugin, plugin.manager, hook):
                    yield plugin, thing

    def _ask(self, plugin: Plugin, manager: pluggy.PluginManager, hook: str) -> Iterable[Any]:
        things: list[Any] = []
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            try:
                things += list(implementation.function())
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001, a plugin's hook may raise anything
                self._report(plugin, f"fails in {hook}: {words_of(error)}")
        return things

    def _report(self, plugin: Plugin, what: str) -> None:
        self.problems.append(Problem(package=plugin.package, what=what))


def _fault(thing: Any, shape: type) -> str | None:
    if isinstance(thing, shape):
        return None
    return f"offers a {type(thing).__name__} where a {shape.__name__} is expected."


def _component_fault(thing: Any, role: str) -> str | None:
    if not inspect.isclass(thing):
        return f"offers a {type(thing).__name__} as {role}, which is no class."
    where = f"{thing.__module__}.{thing.__qualname__}"
    if not issubclass(thing, ROLES[role]):
        return f"offers {where} as {role}, which is no {ROLES[role].__name__}."
    if inspect.isabstract(thing):
        missing = ", ".join(sorted(thing.__abstractmethods__))
        return f"offers {where}, which does not implement: {missing}."
    if not isinstance(getattr(thing, "name", None), str):
        return f"offers {where}, which has no name."
    return None
