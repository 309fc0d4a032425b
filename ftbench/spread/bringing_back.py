"""What was finished on machines that do not see the runs is run here, and taken from the cache."""

from collections.abc import Callable, Iterator, Sequence

from ftbench import pipeline
from ftbench.config.compose import Cell
from ftbench.plugin.catalog import Catalog
from ftbench.stages.watch import Watch
from ftbench.statistics.result import RunResult

from .away import IS_AWAY
from .sweep_folder import SweepFolder


def brought_back(
    cells: Sequence[Cell],
    folder: SweepFolder,
    *,
    catalog: Catalog,
    watch: Watch,
    stopping: Callable[[], bool],
) -> dict[int, RunResult]:
    """The results of the cells that were finished away, by number; now this machine has them."""
    numbers = list(_finished_away(folder))
    if not numbers:
        return {}
    own = [cells[number] for number in numbers]
    results = pipeline.run(own, catalog=catalog, watch=watch, stopping=stopping)
    return dict(zip(numbers, results, strict=True))


def _finished_away(folder: SweepFolder) -> Iterator[int]:
    for number, group in enumerate(folder.groups()):
        state = folder.newest_state(number)
        if state is not None and state.get(IS_AWAY):
            told = zip(group.numbers, state["cells"], strict=False)
            yield from (cell for cell, known in told if not known["failure"])
