"""Finds the installed plugins, one by one, so that a broken one harms nobody else."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from . import NAME, spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with an installed plugin, and the line that removes it."""

    package: str
    what: str

    def __str__(self) -> str:
        return (
            f"The plugin {self.package!r} {self.what} Remove it with: pip uninstall {self.package}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One entry point: the package it comes from, and its hooks where it could be loaded."""

    package: str
    version: str
    manager: pluggy.PluginManager | None
    problem: Problem | None = None


def installed_plugins() -> tuple[Plugin, ...]:
    """Load every entry point of the group; our own packages come first, then by name."""
    found = entry_points(group=NAME)
    return tuple(_load(entry) for entry in sorted(found, key=_order))


def _order(entry: EntryPoint) -> tuple[bool, str, str]:
    return (not is_first_party(_package(entry)), _package(entry), entry.name)


def is_first_party(package: str) -> bool:
    """Whether a package is one of ftbench's own; its names win over a stranger's."""
    return package == NAME or package.startswith(f"{NAME}-")


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _load(entry: EntryPoint) -> Plugin:
    package = _package(entry)
    version = entry.dist.version if entry.dist else "unknown"
    manager = pluggy.PluginManager(NAME)
    manager.add_hookspecs(spec)
    try:
        manager.register(entry.load(), name=entry.name)
        manager.check_pending()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001, a plugin may raise anything, SystemExit included
        what = f"cannot be loaded: {words_of(error)}"
        problem = Problem(package=package, what=what)
        return Plugin(package=package, version=version, manager=None, problem=problem)
    return Plugin(package=package, version=version, manager=manager)


def words_of(error: BaseException) -> str:
    """An exception as one sentence: its class and what it says."""
    words = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {words}." if words else f"{type(error).__name__}."
