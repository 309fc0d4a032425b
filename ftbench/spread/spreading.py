"""Does a sweep through a launcher of Hydra's, and brings back what its jobs came to."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftbench import pipeline
from ftbench.config.compose import Cell
from ftbench.config.launchers import Launcher
from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog
from ftbench.stages.watch import Watch
from ftbench.statistics.result import RunResult

from .bill import bill
from .following import followed
from .grouping import grouped
from .job import Job
from .outcomes import result_of, state_of
from .shares import with_shares
from .sweep_folder import Group, SweepFolder

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Stands in for ``ftbench.pipeline`` where the work is done by the jobs of a launcher."""

    launcher: Launcher

    def plan(self, cells: Sequence[Cell], *, catalog: Catalog, watch: Watch) -> list[str]:
        """What would be done, and in how many jobs."""
        groups = grouped(cells)
        sizes = ", ".join(str(len(group)) for group in groups)
        jobs = f"{len(groups)} jobs of hydra/launcher={self.launcher.name}, cells of each: {sizes}"
        return [*pipeline.plan(cells, catalog=catalog, watch=watch), jobs]

    def run(
        self,
        cells: Sequence[Cell],
        *,
        catalog: Catalog,
        watch: Watch,
        stopping: Callable[[], bool] = lambda: False,
        confirm: Callable[[str], None] = lambda bill: None,
    ) -> list[RunResult]:
        """Run every cell in a job of the launcher; one result each, in order.

        What a job did not finish says so; the same command goes on with it. Raises UsageError
        where the launcher began no job at all.
        """
        owed = bill(cells, catalog=catalog, watch=watch)
        if owed:
            confirm(owed)
        groups = [self._group(cells, numbers) for numbers in grouped(cells)]
        folder = SweepFolder.begin(
            _runs(cells), groups, launcher=self.launcher.name, is_agreed=bool(owed)
        )
        jobs = f"{len(cells)} runs in {len(groups)} jobs of hydra/launcher={self.launcher.name}"
        watch.begin("launch", jobs)
        with followed(folder, watch, stopping):
            fault = self._launched(folder, cells[0], stopping)
            _wait(folder, stopping)
        results = [result_of(cell, n, folder, fault) for n, cell in enumerate(cells)]
        unfinished = sum(bool(result.failure) for result in results)
        watch.end(f"{len(cells)} runs" + (f", {unfinished} not finished" if unfinished else ""))
        return results

    def _group(self, cells: Sequence[Cell], numbers: Sequence[int]) -> Group:
        options = [word for word in self.launcher.options if word not in ("-m", "--multirun")]
        mine = [cells[number] for number in numbers]
        words = with_shares([cell.overrides for cell in mine], mine, of=len(cells))
        return Group(cells=tuple((*options, *one) for one in words), numbers=tuple(numbers))

    def _launched(self, folder: SweepFolder, like: Cell, stopping: Callable[[], bool]) -> str:
        """Let the launcher do all jobs; what it says where one did not end well."""
        job = Job(folder=str(folder.path.resolve()), place=str(Path.cwd()), token=folder.token)
        count = len(folder.groups())
        try:
            self.launcher.launch(job, like, jobs=count, folder=folder.path.resolve() / "jobs")
        except KeyboardInterrupt:
            if not stopping():
                raise
            return ""
        except Exception as error:
            if not any(state_of(folder, number) for number in range(count)):
                raise UsageError(
                    f"hydra/launcher={self.launcher.name} could not begin any job. "
                    f"It says: {_words(error)}"
                ) from error
            _log.debug("The launcher raised", exc_info=True)
            return _words(error)
        return ""


def _runs(cells: Sequence[Cell]) -> Path:
    places = {cell.config.runs for cell in cells}
    if len(places) > 1:
        raise UsageError("All cells of a command that a launcher does share one folder runs=.")
    return Path(places.pop())


def _words(error: Exception) -> str:
    """The first line of what a launcher raised, which may hold a traceback of the job's."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _wait(folder: SweepFolder, stopping: Callable[[], bool]) -> None:
    """A launcher may give up at the first job that fails, while others still go on."""
    while not stopping() and any(
        folder.is_under_way(number) for number in range(len(folder.groups()))
    ):
        time.sleep(_LOOK_SECONDS)
