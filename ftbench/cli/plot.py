"""``ftbench plot runs/A runs/B --out figures``: the figures of finished runs."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable


def plot(words: Sequence[str], catalog: Catalog) -> int:
    """Draw categories, curves over what varies, and safety against utility: SVG, PNG and CSV."""
    parser = argparse.ArgumentParser(prog="ftbench plot", description=plot.__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="finished runs, or folders of runs")
    parser.add_argument("--out", type=Path, default=Path("figures"), help="where the files go")
    options = parser.parse_args(words)
    from ftbench.plots.runs import read_run  # noqa: PLC0415, slow to import
    from ftbench.plots.writing import plot as drawn  # noqa: PLC0415, slow to import

    folders = {folder.resolve(): folder for place in options.runs for folder in finished_in(place)}
    for said in drawn([read_run(folder) for folder in folders.values()], options.out):
        print(printable(said))
    print(printable(f"In {options.out}"))
    return 0


def finished_in(place: Path) -> Iterator[Path]:
    """A run itself; of a folder of runs those that are finished, and sums over seeds."""
    from ftbench.archive.opening import is_run, run_folders  # noqa: PLC0415, slow to import
    from ftbench.archive.summary import is_summary, summaries_in  # noqa: PLC0415

    if not place.is_dir():
        raise UsageError(f"There is no run {place}. `ftbench status` lists those at hand.")
    if is_run(place) or is_summary(place):
        yield place
        return
    for folder in run_folders([place]):
        if (folder / "public" / "result.json").is_file():
            yield folder
        else:
            print(printable(f"{folder.name}: not finished, so it is left out."))
    yield from summaries_in([place])
