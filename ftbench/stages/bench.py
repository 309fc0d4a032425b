"""The runs under way: one stage at a time over all of them, and a failure stops only its own."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ftbench.config.compose import Cell
from ftbench.digest import digest
from ftbench.errors import FtbenchError
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.roles import Backend
from ftbench.statistics.result import RunResult

from .finetune import Trained
from .folder import RunFolder
from .prepare import Plan, backend_config, distinct_backends
from .questions import Questionnaire, collect
from .sheet import Sheet
from .watch import Watch


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

    def counted_anew(self, stage: str, is_anew: bool) -> str:
        """Remember whether a stage did something; words for one that did not need to."""
        if is_anew:
            self.anew.add(stage)
        return "" if is_anew else " (kept from an earlier run)"

    def finished(self) -> RunResult:
        """The result, or what is known of a run that failed."""
        if self.result is not None and self.failure is None:
            return self.result
        folder = getattr(self, "folder", None)
        error = self.failure
        words = (
            str(error) if isinstance(error, FtbenchError) else f"{type(error).__name__}: {error}"
        )
        return RunResult(
            run=folder.path.name if folder else "",
            folder=str(folder.path) if folder else "",
            choices=self.cell.choices,
            outcome="failed",
            failure=words,
            exit_code=error.exit_code if isinstance(error, FtbenchError) else 1,
        )


class Bench:
    """Does one stage after the other for every run that has not failed."""

    def __init__(self, cells: Sequence[Cell], *, catalog: Catalog, watch: Watch) -> None:
        self.works = [Work(cell) for cell in cells]
        self.catalog = catalog
        self.watch = watch
        self._backends = distinct_backends(cells)
        self._questionnaires: dict[str, Questionnaire] = {}

    def each(self, stage: str, step: Callable[["Bench", Work], str]) -> None:
        """Do a step for every run under way; it returns in a few words what was done."""
        going = [work for work in self.works if work.failure is None]
        if not going:
            return
        self.watch.begin(stage, f"{len(going)} runs" if len(going) > 1 else "")
        done: list[str] = []
        for work in going:
            began = time.perf_counter()
            try:
                done.append(step(self, work))
            except FtbenchError as error:
                work.failure = error
            except Exception as error:  # noqa: BLE001, one broken run must not stop the others
                if len(self.works) == 1:
                    raise
                work.failure = error
            work.seconds[stage] = time.perf_counter() - began
        self.watch.end(_summary(done, failed=len(going) - len(done)))

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

    def ledgers(self) -> list[Ledger]:
        """The open ledgers of all runs under way."""
        return [work.folder.ledger for work in self.works if hasattr(work, "folder")]

    def close(self) -> None:
        """Let go of every ledger and every device."""
        for ledger in self.ledgers():
            ledger.close()
        for backend in self._backends.values():
            backend.release()


def _summary(done: Sequence[str], *, failed: int) -> str:
    said = done[0] if len(done) == 1 else "; ".join(dict.fromkeys(filter(None, done)))
    if len(done) > 1:
        said = f"{len(done)} runs"
    return f"{said}, {failed} failed" if failed and said else f"{failed} failed" if failed else said
