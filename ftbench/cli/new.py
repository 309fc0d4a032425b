"""``ftbench new judge my_judge``: the package of a plugin, to begin one from."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ftbench.plugin.catalog import Catalog

from .printable import printable


def new(words: Sequence[str], catalog: Catalog) -> int:
    """Write the package of a plugin that passes its contract as it is."""
    from ftbench.testing.scaffold import ROLES_TO_BEGIN, write_package  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="ftbench new", description=new.__doc__)
    parser.add_argument("role", choices=ROLES_TO_BEGIN, help="what the plugin brings")
    parser.add_argument("name", help="what users will type, as in judge=my_judge")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder to write it in")
    options = parser.parse_args(words)
    taken = catalog.components[options.role]
    folder = write_package(options.role, options.name, options.out, taken=taken)
    print(printable(f"Written: {folder}"))
    print(printable(f"Install it: pip install -e '{folder}[test]'"))
    print(f"Check it:   ftbench plugin check {options.name}")
    return 0
