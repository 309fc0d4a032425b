"""``ftbench plugin check NAME``: whether an installed plugin keeps its contracts and fits."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ftbench.errors import PluginError, UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable


def plugin(words: Sequence[str], catalog: Catalog) -> int:
    """Run the contract of every component of a plugin, and look whether the plugin fits."""
    parser = argparse.ArgumentParser(prog="ftbench plugin", description=plugin.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="its contracts, and whether it fits")
    check.add_argument("plugin", help="its entry point, such as my_judge, or its package")
    check.add_argument(
        "options", nargs="*", metavar="NAME.OPTION=VALUE", help="what a component must be given"
    )
    check.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args(words)
    from ftbench.testing.conformance import check_plugin  # noqa: PLC0415, slow to import

    points = check_plugin(options.plugin, catalog, _given(options.options))
    is_kept = all(point.is_kept for point in points)
    if options.json:
        print(json.dumps({"kept": is_kept, "points": [asdict(point) for point in points]}))
    else:
        for point in points:
            print(printable(f"{'ok    ' if point.is_kept else 'BROKEN'}  {point.name}"))
            if point.words:
                print(printable("".join(f"        {line}\n" for line in point.words.splitlines())))
    return 0 if is_kept else PluginError.exit_code


def _given(words: Sequence[str]) -> dict[str, dict[str, Any]]:
    import yaml  # noqa: PLC0415, slow to import

    found: dict[str, dict[str, Any]] = {}
    for word in words:
        place, equals, value = word.partition("=")
        name, dot, option = place.partition(".")
        if not (equals and dot):
            raise UsageError(f"{word!r} is no option: write NAME.OPTION=VALUE.")
        found.setdefault(name, {})[option] = yaml.safe_load(value)
    return found
