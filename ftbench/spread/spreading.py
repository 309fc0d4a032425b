"""Does a sweep through a launcher of Hydra's, and brings back what its jobs came to."""

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

from .bill import bill, can_be_billed
from .bringing_back import brought_back, finished_away
from .grouping import grouped
from .job import Job
from .outcomes import Ending, result_of
from .shares import with_shares
from .slurm_jobs import still_queued
from .sweep_folder import Group, SweepFolder
from .through_hydra import launched
from .through_submitit import is_slurms, is_submitits, submitted

_ANOTHERS = Ending(
    words="Another command has begun this sweep anew, and does this run", is_anothers=True
)


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
        folder = SweepFolder.of(_runs(cells), groups)
        settings = self.launcher.settings(cells[0], folder=folder.path.resolve() / "jobs")
        going = still_queued(folder) if is_slurms(settings) else {}
        folder.begin(
            groups,
            launcher=self.launcher.name,
            is_agreed=bool(owed),
            is_joined=bool(going),
            billed=_billed(groups, cells),
        )
        jobs = f"{len(cells)} runs in {len(groups)} jobs of hydra/launcher={self.launcher.name}"
        watch.begin("launch", jobs)
        job = Job(folder=str(folder.path.resolve()), place=str(Path.cwd()), token=folder.token)
        endings = (
            submitted(self.launcher, settings, job, going, watch=watch, stopping=stopping)
            if is_submitits(settings)
            else launched(self.launcher, job, cells[0], watch=watch, stopping=stopping)
        )
        if folder.token != job.token:
            endings = dict.fromkeys(range(len(groups)), _ANOTHERS)
        away = finished_away(folder)
        here = [number for number in range(len(cells)) if number not in away]
        results = {n: result_of(cells[n], n, folder, endings) for n in here}
        unfinished = sum(bool(result.failure) for result in results.values())
        watch.end(f"{len(cells)} runs" + (f", {unfinished} not finished" if unfinished else ""))
        results |= brought_back(cells, away, catalog=catalog, watch=watch, stopping=stopping)
        return [results[n] for n in range(len(cells))]

    def _group(self, cells: Sequence[Cell], numbers: Sequence[int]) -> Group:
        options = [word for word in self.launcher.options if word not in ("-m", "--multirun")]
        mine = [cells[number] for number in numbers]
        words = with_shares([cell.overrides for cell in mine], mine, of=len(cells))
        return Group(cells=tuple((*options, *one) for one in words), numbers=tuple(numbers))


def _billed(groups: Sequence[Group], cells: Sequence[Cell]) -> list[int]:
    return [
        number
        for number, group in enumerate(groups)
        if any(can_be_billed(cells[cell]) for cell in group.numbers)
    ]


def _runs(cells: Sequence[Cell]) -> Path:
    places = {cell.config.runs for cell in cells}
    if len(places) > 1:
        raise UsageError("All cells of a command that a launcher does share one folder runs=.")
    return Path(places.pop())
