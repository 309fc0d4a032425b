"""``ftbench plugins``: the installed plugins, what each offers, and what is wrong with some."""

import argparse
from collections.abc import Sequence

from ftbench.plugin.catalog import Catalog

from .choices import ROLE_OF_GROUP
from .printable import printable


def plugins(words: Sequence[str], catalog: Catalog) -> int:
    """Print every installed plugin with what it offers."""
    parser = argparse.ArgumentParser(prog="ftbench plugins", description=plugins.__doc__)
    parser.parse_args(words)
    versions = {plugin.package: plugin.version for plugin in catalog.plugins}
    problems = {problem.package for problem in catalog.problems}
    for package in sorted({*versions, *_offering(catalog)}):
        mark = "  BROKEN, see below" if package in problems else ""
        print(printable(f"{package} {versions.get(package, '')}".rstrip() + mark))
        for group, names in _offers(catalog, package):
            print(printable(f"  {group + '=':11} {', '.join(names)}"))
    if catalog.commands:
        print(f"commands: {', '.join(catalog.commands)}")
    if catalog.problems:
        print("\n" + printable("\n".join(map(str, catalog.problems))))
    return 0


def _offering(catalog: Catalog) -> set[str]:
    offers = (offer for named in catalog.components.values() for offer in named.values())
    return {offer.package for offer in offers}


def _offers(catalog: Catalog, package: str) -> list[tuple[str, list[str]]]:
    """By group, the names of the components that a package brings."""
    offered = [
        (
            group,
            [name for name, offer in catalog.components[role].items() if offer.package == package],
        )
        for group, role in ROLE_OF_GROUP.items()
    ]
    return [(group, names) for group, names in offered if names]
