"""Finds the installed plugins, one by one, so that a broken one harms nobody else."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from . import API, NAME, spec


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
        module = entry.load()
        if misfit := misfit_of(getattr(module, "FTBENCH_API", API)):
            problem = Problem(package=package, what=misfit)
            return Plugin(package=package, version=version, manager=None, problem=problem)
        manager.register(module, name=entry.name)
        manager.check_pending()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001, a plugin may raise anything, SystemExit included
        what = f"cannot be loaded: {words_of(error)}"
        problem = Problem(package=package, what=what)
        return Plugin(package=package, version=version, manager=None, problem=problem)
    return Plugin(package=package, version=version, manager=manager)


def misfit_of(declared: object) -> str:
    """Why a plugin written for a version of our interface cannot be used; "" where it can.

    Another first number is another interface; a higher second number wants what we do not have.
    """
    match declared:
        case (int(), int()) if isinstance(declared, tuple):
            theirs = (declared[0], declared[1])
        case _:
            return f"declares FTBENCH_API = {declared!r}, which is no pair of numbers like {API}."
    wanted, ours = ".".join(map(str, theirs)), ".".join(map(str, API))
    if theirs[0] != API[0]:
        too = "old" if theirs < API else "new"
        return (
            f"is written for plugin interface {wanted}; this ftbench has {ours}: it is too {too}."
        )
    if theirs > API:
        return f"needs plugin interface {wanted}; this ftbench has {ours}: upgrade ftbench."
    return ""


def words_of(error: BaseException) -> str:
    """An exception as one sentence: its class and what it says."""
    words = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {words}." if words else f"{type(error).__name__}."
