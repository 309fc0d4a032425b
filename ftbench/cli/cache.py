"""``ftbench cache``: what finished work is kept for other runs, and how to make room."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

if TYPE_CHECKING:
    from ftbench.ledger.cache import StageCache

GIGABYTE = 1e9


def cache(words: Sequence[str], catalog: Catalog) -> int:
    """Run one of: list, prune."""
    parser = argparse.ArgumentParser(prog="ftbench cache")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show where the cache is and what it holds")
    prune = actions.add_parser("prune", help="remove what was not used for the longest time")
    prune.add_argument("--to-gb", type=float, default=0.0, help="gigabytes to leave; default: none")
    chosen = parser.parse_args(words)
    return _list() if chosen.action == "list" else _prune(chosen.to_gb)


def _list() -> int:
    opened = _opened()
    try:
        console = Console(highlight=False)
        counts = ", ".join(f"{n} {kind}s" for kind, n in opened.unit_counts().items())
        console.print(f"{opened.folder}: {opened.size() / 1e6:.1f} MB, {counts}", markup=False)
        models = opened.models()
        if models:
            table = Table("model", "MB", "last used")
            for model in reversed(models):
                used = datetime.fromtimestamp(model.used, UTC).strftime("%Y-%m-%d %H:%M")
                table.add_row(model.key[:12], f"{model.size / 1e6:.1f}", used)
            console.print(table)
    finally:
        opened.close()
    return 0


def _prune(gigabytes: float) -> int:
    opened = _opened()
    try:
        removed = opened.prune(int(gigabytes * GIGABYTE))
        print("\n".join(f"removed {what}" for what in removed) or "nothing to remove")
    finally:
        opened.close()
    return 0


def _opened() -> "StageCache":
    from ftbench.ledger.cache import StageCache, cache_folder  # noqa: PLC0415, slow to import

    folder = cache_folder()
    if folder is None:
        raise UsageError("The cache is off: FTBENCH_CACHE=off.")
    return StageCache(folder)
