"""``ftbench plot runs/A runs/B --out figures``: the figures of finished runs."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable


def plot(words: Sequence[str], catalog: Catalog) -> int:
    """Draw categories, curves over what varies, and safety against utility: SVG, PNG and CSV."""
    parser = argparse.ArgumentParser(prog="ftbench plot", description=plot.__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of finished runs")
    parser.add_argument("--out", type=Path, default=Path("figures"), help="where the files go")
    options = parser.parse_args(words)
    from ftbench.archive.reading import read_result  # noqa: PLC0415, slow to import
    from ftbench.plots.writing import plot as drawn  # noqa: PLC0415, slow to import

    results = []
    for folder in options.runs:
        if not folder.is_dir():
            raise UsageError(f"There is no run {folder}. `ftbench status` lists those at hand.")
        results.append(read_result(folder))
    for said in drawn(results, options.out):
        print(printable(said))
    print(printable(f"In {options.out}"))
    return 0
