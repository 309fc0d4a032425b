"""Whether an installed plugin keeps its contracts and fits: what ``ftbench plugin check`` says."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ftbench.errors import UsageError
from ftbench.plugin import API, NAME
from ftbench.plugin.catalog import Catalog
from ftbench.roles import ROLES

SLOW = ("torch", "transformers", "peft", "lm_eval", "datasets", "scipy", "hydra")
"""What a plugin must not import until it is used."""
_LAST_LINES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that was looked at."""

    name: str
    is_kept: bool
    words: str = ""


def check_plugin(
    word: str, catalog: Catalog, options: Mapping[str, Mapping[str, Any]]
) -> list[Point]:
    """Look at a plugin, named by its entry point or its package; each point with its outcome.

    ``options`` are by component the fields that have no default. Raises UsageError where no such
    plugin is installed, or pytest is not.
    """
    entry = _entry(word)
    package = entry.dist.name if entry.dist else entry.value
    points = [_loads(entry, package, catalog), _declares(entry), _is_quick(entry)]
    offers = [
        (role, offer.name, offer.thing)
        for role in ROLES
        for offer in catalog.components[role].values()
        if offer.package == package
    ]
    points += _configs(catalog, package)
    if find_spec("pytest") is None:
        raise UsageError("The contracts are tests: pip install pytest")
    for role, name, thing in offers:
        points.append(_contract(role, name, thing, options.get(name, {})))
    return points


def _entry(word: str) -> EntryPoint:
    found = list(entry_points(group=NAME))
    named = [e for e in found if word in (e.name, e.value, e.dist.name if e.dist else "")]
    if not named:
        known = ", ".join(sorted(entry.name for entry in found))
        raise UsageError(f"No plugin {word!r} is installed. Installed: {known}.")
    return named[0]


def _loads(entry: EntryPoint, package: str, catalog: Catalog) -> Point:
    said = [problem.what for problem in catalog.problems if problem.package == package]
    return Point(name="loads and offers what its hooks say", is_kept=not said, words=" ".join(said))


def _dotted(version: object) -> str:
    """A version as people write it: (1, 0) is 1.0."""
    return ".".join(map(str, version)) if isinstance(version, tuple) else str(version or "no")


def _declares(entry: EntryPoint) -> Point:
    try:
        declared = getattr(entry.load(), "FTBENCH_API", None)
    except Exception as error:  # noqa: BLE001, a stranger's module; `_loads` says what it raises
        return Point(name="declares its interface", is_kept=False, words=type(error).__name__)
    advice = f"Write FTBENCH_API = {API} into {entry.value}."
    return Point(
        name=f"declares its interface ({_dotted(declared)}; ours is {_dotted(API)})",
        is_kept=declared is not None,
        words="" if declared else advice,
    )


def _is_quick(entry: EntryPoint) -> Point:
    program = f"import sys, {entry.module}; print(*{{*{SLOW}}} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    slow = sorted(done.stdout.split()) if done.returncode == 0 else []
    words = f"It imports {', '.join(slow)}: import them in the function that needs them."
    is_kept = done.returncode == 0 and not slow
    return Point(name="imports nothing slow", is_kept=is_kept, words=words if slow else "")


def _configs(catalog: Catalog, package: str) -> Iterator[Point]:
    from ftbench.config.store import register_configs  # noqa: PLC0415, slow to import

    said = [p.what for p in register_configs(catalog) if p.package == package]
    yield Point(name="its options are a config", is_kept=not said, words=" ".join(said))


def _contract(role: str, name: str, thing: type, options: Mapping[str, Any]) -> Point:
    """Run the contract of a component in a process of its own, as its author's tests would."""
    base = ROLES[role].__name__
    own = _own_tests(role, thing)
    lines = own or [
        f"from ftbench.testing import {base}Contract",
        f"from {thing.__module__} import {thing.__qualname__} as Component",
        f"class TestIt({base}Contract):",
        "    component = Component",
        f"    options = {dict(options)!r}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder) / f"test_{name}.py"
        test.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", str(test)]
        command += ["-p", "no:cacheprovider", "--rootdir", folder, "--tb=line"]
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    words = "" if done.returncode == 0 else _end(done.stdout)
    return Point(name=f"{role} {name}: {base}Contract", is_kept=done.returncode == 0, words=words)


def _own_tests(role: str, thing: type) -> Sequence[str]:
    """A backend's contract needs a model of its own: its class says which, where it can."""
    if role != "backend" or not hasattr(thing, "contract_base"):
        return ()
    return [
        "from ftbench.testing import BackendContract",
        f"from {thing.__module__} import {thing.__qualname__} as Component",
        "class TestIt(BackendContract):",
        "    component = Component",
        "    def base(self, folder):",
        "        return Component.contract_base(folder)",
    ]


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_LAST_LINES:])
