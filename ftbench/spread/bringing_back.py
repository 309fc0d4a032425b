"""What was finished on machines that do not see the runs is run here, and taken from the cache."""

from collections.abc import Callable, Sequence

from ftbench import pipeline
from ftbench.config.compose import Cell
from ftbench.plugin.catalog import Catalog
from ftbench.stages.watch import Watch
from ftbench.statistics.result import RunResult

from .away import IS_AWAY
from .sweep_folder import SweepFolder


def finished_away(folder: SweepFolder) -> list[int]:
    """The numbers of the cells that were finished on machines which do not see the runs."""
    found: list[int] = []
    for number, group in enumerate(folder.groups()):
        state = folder.newest_state(number)
        if state is not None and state.get(IS_AWAY):
            told = zip(group.numbers, state["cells"], strict=False)
            found += [cell for cell, known in told if not known["failure"]]
    return found


def brought_back(
    cells: Sequence[Cell],
    numbers: Sequence[int],
    *,
    catalog: Catalog,
    watch: Watch,
    stopping: Callable[[], bool],
) -> dict[int, RunResult]:
    """The results of some of the cells, by number; from now on this machine has their runs."""
    if not numbers:
        return {}
    own = [cells[number] for number in numbers]
    results = pipeline.run(own, catalog=catalog, watch=watch, stopping=stopping)
    return dict(zip(numbers, results, strict=True))
