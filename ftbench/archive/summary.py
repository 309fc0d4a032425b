"""Where the sum of several seeds is kept: a folder of figures beside its runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from ftbench.digest import digest
from ftbench.stages.folder import RESULT
from ftbench.stages.save import write_atomically
from ftbench.statistics.result import RunResult

from .opening import is_run
from .reading import read_result
from .seeds import over_seeds_of

if TYPE_CHECKING:
    from ftbench.config.compose import Cell


def summaries(cells: Sequence["Cell"], results: Sequence[RunResult]) -> list[RunResult]:
    """One summary for each experiment of a command that finished under several seeds.

    Each is written beside its runs. Raises StorageError where that cannot be done.
    """
    experiments: dict[str, list[Path]] = {}
    for cell, result in zip(cells, results, strict=True):
        if result.rows and not result.failure:
            everything_else = {k: v for k, v in cell.composed.items() if k != "seed"}
            experiment = digest(cell.choices, everything_else)
            folders = experiments.setdefault(experiment, [])
            folders.append(Path(result.folder))
    several = [list(dict.fromkeys(folders)) for folders in experiments.values()]
    return [sum_up(folders) for folders in several if len(folders) > 1]


def sum_up(folders: Sequence[Path]) -> RunResult:
    """Sum up finished runs, and write the summary beside the first of them.

    Raises what `over_seeds_of` raises, and StorageError where it cannot be written.
    """
    summary = over_seeds_of(folders)
    folder = folders[0].parent / summary.run
    write_atomically(folder / RESULT, text_of(summary))
    return read_result(folder)


def text_of(summary: RunResult) -> str:
    """What the file of a summary holds."""
    return TypeAdapter(RunResult).dump_json(summary, indent=1).decode() + "\n"


def is_summary(folder: Path) -> bool:
    """Whether a folder has figures but no run of its own, as the sum of several seeds has."""
    return (folder / RESULT).is_file() and not is_run(folder)


def summaries_in(places: Sequence[Path]) -> list[Path]:
    """The summaries that are meant: themselves, or those in folders of runs."""
    inside = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
    return [path for path in dict.fromkeys((*places, *inside)) if is_summary(path)]


def runs_of(folder: Path) -> list[Path]:
    """The folders of the runs that a summary sums up; they lie beside it."""
    return [folder.resolve().parent / name for name in read_result(folder).record["runs"]]
