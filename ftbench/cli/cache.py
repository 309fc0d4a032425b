"""``ftbench cache``: what finished work is kept for other runs, and how to make room."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

if TYPE_CHECKING:
    from ftbench.ledger.cache import StageCache
    from ftbench.ledger.shared.place import Place

GIGABYTE = 1e9


def cache(words: Sequence[str], catalog: Catalog) -> int:
    """Run one of: list, prune."""
    parser = argparse.ArgumentParser(prog="ftbench cache")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show where the caches are and what they hold")
    prune = actions.add_parser("prune", help="remove what was not used for the longest time")
    prune.add_argument("--to-gb", type=float, default=0.0, help="gigabytes to leave; default: none")
    prune.add_argument(
        "--shared",
        action="store_true",
        help="of FTBENCH_SHARED_CACHE instead: what was given first goes, for everybody",
    )
    chosen = parser.parse_args(words)
    if chosen.action == "list":
        return _list()
    limit = int(chosen.to_gb * GIGABYTE)
    return _prune_shared(limit) if chosen.shared else _prune(limit)


def _list() -> int:
    from ftbench.ledger.cache import cache_folder  # noqa: PLC0415, slow to import

    place = _shared_place()
    if place is None or cache_folder() is not None:
        _list_own()
    if place is not None:
        _list_shared(place)
    return 0


def _list_own() -> None:
    opened = _opened()
    try:
        console = Console(highlight=False)
        counts = _words(opened.unit_counts())
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


def _list_shared(place: "Place") -> None:
    from ftbench.ledger.shared.pruning import holdings  # noqa: PLC0415, slow to import

    found = holdings(place)
    print(f"shared, {place.address}: {found.size / 1e6:.1f} MB, {_words(found.counts)}")


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}s" for kind, count in counts.items())


def _prune(limit: int) -> int:
    opened = _opened()
    try:
        _print_removed(opened.prune(limit))
    finally:
        opened.close()
    return 0


def _prune_shared(limit: int) -> int:
    from ftbench.ledger.shared.pruning import prune  # noqa: PLC0415, slow to import

    place = _shared_place()
    if place is None:
        raise UsageError("Nothing is shared: FTBENCH_SHARED_CACHE is not set.")
    _print_removed(prune(place, limit))
    return 0


def _print_removed(removed: Sequence[str]) -> None:
    print("\n".join(f"removed {what}" for what in removed) or "nothing to remove")


def _shared_place() -> "Place | None":
    from ftbench.ledger.shared.place import (  # noqa: PLC0415, slow to import
        opened_place,
        shared_address,
    )

    address = shared_address()
    return opened_place(address) if address else None


def _opened() -> "StageCache":
    from ftbench.ledger.cache import StageCache, cache_folder  # noqa: PLC0415, slow to import

    folder = cache_folder()
    if folder is None:
        raise UsageError("The cache is off: FTBENCH_CACHE=off.")
    return StageCache(folder)
