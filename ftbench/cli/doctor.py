"""``ftbench doctor``: whether runs can work here, and what to do where they cannot."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.manager import is_first_party

from . import doctor_hub as hub
from . import doctor_machine as machine
from .doctor_check import Check
from .doctor_providers import providers
from .printable import printable

_STYLES = {"ok": "green", "unknown": "dim", "warning": "yellow", "problem": "red bold"}
_LOG_COLUMNS = 120
_ROLES = ("backend", "dataset", "attack", "method", "judge")
"""Without a component of each of these there is no run."""


def doctor(words: Sequence[str], catalog: Catalog) -> int:
    """Look at Python, torch, memory, disk, hub and plugins; 2 where something would stop a run."""
    parser = argparse.ArgumentParser(prog="ftbench doctor", description=doctor.__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--quick", action="store_true", help="leave out torch, the hub and the shared cache"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="the folder of your runs")
    options = parser.parse_args(words)
    checks = [*_machine(options.runs, quick=options.quick), *_plugins(catalog)]
    checks += [*providers(catalog, today=datetime.now(UTC).date()), hub.token(os.environ)]
    checks += [] if options.quick else hub.access(catalog, os.environ)
    stops = any(check.state == "problem" for check in checks)
    if options.json:
        print(json.dumps({"ready": not stops, "checks": [asdict(check) for check in checks]}))
    else:
        _print(checks)
    return UsageError.exit_code if stops else 0


def _machine(runs: Path, *, quick: bool) -> Iterator[Check]:
    yield machine.python()
    if not quick:
        yield from machine.torch()
    yield machine.cores()
    yield machine.memory()
    yield machine.folder("runs", runs, instead="Choose another folder for runs: runs=FOLDER")
    yield machine.cache()
    if not quick:
        yield machine.shared_cache()
    yield machine.strace()


def _plugins(catalog: Catalog) -> Iterator[Check]:
    whole = [plugin for plugin in catalog.plugins if not plugin.problem]
    packages = dict.fromkeys(f"{plugin.package} {plugin.version}" for plugin in whole)
    yield Check(name="plugins", found=", ".join(packages) or "none")
    for problem in catalog.problems:
        yield Check(
            name=f"plugin {problem.package}",
            state="problem" if is_first_party(problem.package) else "warning",
            found=problem.what,
            advice=f"Reinstall it, or remove it: pip uninstall {problem.package}",
        )
    for role in _ROLES:
        if not catalog.components[role]:
            advice = "Install a package that brings one, such as those of ftbench[standard]."
            yield Check(name=f"{role}s", state="problem", found="none", advice=advice)


def _print(checks: Sequence[Check]) -> None:
    from rich.console import Console  # noqa: PLC0415, slow to import
    from rich.table import Table  # noqa: PLC0415, slow to import
    from rich.text import Text  # noqa: PLC0415, slow to import

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        state = Text(check.state, style=_STYLES[check.state])
        table.add_row(state, *(Text(printable(t)) for t in (check.name, check.found, check.advice)))
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else max(console.width, _LOG_COLUMNS)
    console.print(table)
    stops = sum(check.state == "problem" for check in checks)
    print(f"\n{stops} of these would stop a run." if stops else "\nNothing here stops a run.")
