"""The runs under way: one stage at a time over all of them, and a failure stops only its own."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ftbench.config.compose import Cell
from ftbench.digest import digest
from ftbench.errors import FtbenchError, Stopped, machine_fault
from ftbench.ledger.finished import FinishedWork, finished_work
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.roles import Backend
from ftbench.statistics.result import RunResult
from ftbench.withholding import words_without_quotes

from .budgets import budget_of
from .endings import ended_by_a_plugin, outcome_of, summary
from .finetune import Trained
from .folder import RunFolder, folder_of, open_folder
from .prepare import Plan, backend_config, distinct_backends
from .questions import Questionnaire, collect
from .sheet import Sheet
from .watch import Watch
from .workroom import Workroom


@dataclass(kw_only=True)
class Work:
    """One run under way: what the stages have made of its cell."""

    cell: Cell
    plan: Plan
    folder: RunFolder
    trained: Trained
    sheets: Sequence[Sheet]
    result: RunResult | None = None
    failure: Exception | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)
    """The stages that did something no ledger had."""

    def __init__(self, cell: Cell) -> None:
        """Nothing is known but the cell; each stage fills in its part."""
        self.cell = cell
        self.seconds = {}
        self.anew = set()

    @property
    def has_folder(self) -> bool:
        """Whether it got far enough to have a folder."""
        return hasattr(self, "folder")

    def counted_anew(self, stage: str, is_anew: bool) -> str:
        """Remember whether a stage did something; words for one that did not need to."""
        if is_anew:
            self.anew.add(stage)
        return "" if is_anew else " (kept from an earlier run)"

    def finished(self) -> RunResult:
        """The result, or what is known of a run that failed."""
        if self.result is not None and self.failure is None:
            return self.result
        folder = self.folder if self.has_folder else None
        error = self.failure
        if error is None or isinstance(error, FtbenchError):
            words = str(error)
        else:
            words = words_without_quotes(error)
        return RunResult(
            run=folder.path.name if folder else "",
            folder=str(folder.path) if folder else "",
            choices=self.cell.choices,
            outcome=outcome_of(error),
            failure=words,
            exit_code=error.exit_code if isinstance(error, FtbenchError) else 1,
        )


class Bench:
    """Does one stage after the other for every run that has not failed."""

    def __init__(
        self,
        cells: Sequence[Cell],
        *,
        catalog: Catalog,
        watch: Watch,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.works = [Work(cell) for cell in cells]
        self.catalog = catalog
        self.watch = watch
        self.stopping = stopping
        self.budget = budget_of(cells)
        self._cache: FinishedWork | None = None
        self._has_opened_cache = False
        self._backends = distinct_backends(cells)
        self._questionnaires: dict[str, Questionnaire] = {}

    def each(
        self,
        stage: str,
        step: Callable[["Bench", Work], str],
        *,
        first: Callable[["Bench", Sequence[Work]], None] | None = None,
    ) -> None:
        """Do a step for every run under way; it returns in a few words what was done.

        ``first`` does beforehand what several runs can have done at once.
        """
        going = [work for work in self.works if work.failure is None]
        if not going:
            return
        self.watch.begin(stage, f"{len(going)} runs" if len(going) > 1 else "")
        if first is not None and len(going) > 1:
            self._jointly(stage, going, first)
        done: list[str] = []
        for work in going:
            began = time.perf_counter()
            try:
                self._check_stopping()
                done.append(step(self, work))
            except FtbenchError as error:
                work.failure = error
            except SystemExit as error:
                work.failure = ended_by_a_plugin(error)
            except Exception as error:  # noqa: BLE001, one broken run must not stop the others
                fault = machine_fault(error)
                if fault is None and len(self.works) == 1:
                    raise
                work.failure = fault or error
            spent = time.perf_counter() - began
            work.seconds[stage] = work.seconds.get(stage, 0.0) + spent
        failures = [work.failure for work in going if work.failure is not None]
        self.watch.end(summary(done, failures))

    def _jointly(
        self,
        stage: str,
        works: Sequence[Work],
        step: Callable[["Bench", Sequence[Work]], None],
    ) -> None:
        """The time that it takes is shared by the runs that it did something for."""
        began = time.perf_counter()
        # Whoever ends the process does so again in a run of its own, which then says so.
        with suppress(SystemExit):
            step(self, works)
        gained = [work for work in works if stage in work.anew]
        for work in gained:
            work.seconds[stage] = (time.perf_counter() - began) / len(gained)

    def backend(self, work: Work) -> Backend:
        """The one backend object of a run's backend config."""
        return self._backends[backend_config(work.cell)]

    def questionnaire(self, work: Work) -> Questionnaire:
        """The questions of a run's suite, collected once for all runs that share it."""
        suite = work.cell.config.suite
        key = digest(suite)
        if key not in self._questionnaires:
            self._questionnaires[key] = collect(suite, self.catalog)
        return self._questionnaires[key]

    def _check_stopping(self) -> None:
        if self.stopping():
            raise Stopped("Stopped before this was begun.")

    def open_folder(self, work: Work) -> RunFolder:
        """The folder of a run; two runs of one plan are one, and share it."""
        place = folder_of(work.plan, self.catalog)
        for other in self.works:
            if other.has_folder and other.folder.path == place:
                return other.folder
        folder = open_folder(work.plan, self.catalog)
        self.budget.include(folder.ledger)
        return folder

    def room(self, work: Work) -> Workroom:
        """Where the stages of a run work."""
        own = work.folder.ledger
        return Workroom(
            folder=work.folder,
            others=[ledger for ledger in self.ledgers() if ledger is not own],
            cache=self.cache(),
            told=self.watch.progress,
            stopping=self.stopping,
            noted=self.watch.note,
            budget=self.budget,
        )

    def cache(self) -> FinishedWork | None:
        """The caches of finished work, opened when first needed; None where they are off."""
        if not self._has_opened_cache:
            pays = self.budget.dollars is not None
            self._cache = finished_work(told=self.watch.note, pays=pays)
            self._has_opened_cache = True
        return self._cache

    def share_rest(self) -> None:
        """Share what the runs have finished and could not share, or did without a shared cache."""
        for work in {work.folder.path: work for work in self.works if work.has_folder}.values():
            self.room(work).give_rest()

    def ledgers(self) -> list[Ledger]:
        """The open ledgers of all runs under way."""
        return [work.folder.ledger for work in self.works if work.has_folder]

    def close(self) -> None:
        """Let go of every ledger and every device."""
        for work in self.works:
            if work.has_folder:
                work.folder.close()
        if self._cache is not None:
            self._cache.close()
        for backend in self._backends.values():
            backend.release()
