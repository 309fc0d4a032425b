"""Has a finished run judged by further judges: nobody is asked again, no verdict is lost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ftbench.config.judges import ChosenJudges
from ftbench.config.schema import SuiteConfig
from ftbench.errors import DataError, StorageError, UsageError, machine_fault
from ftbench.ledger.budget import Budget
from ftbench.ledger.drafts import clear_own
from ftbench.ledger.finished import FinishedWork, finished_work
from ftbench.ledger.lock import RunLock
from ftbench.ledger.store import Ledger, moment
from ftbench.ledger.together import together
from ftbench.plugin.catalog import Catalog
from ftbench.redaction import Redactor, known_secrets, redacted
from ftbench.stages.budgets import made_budget
from ftbench.stages.folder import RunFolder
from ftbench.stages.judge import have_judged
from ftbench.stages.lm_eval_scores import score_with_lm_eval
from ftbench.stages.panel import (
    AddedJudge,
    KnownJudge,
    judges_of,
    known_judges,
    state_added,
    with_added,
    with_judges,
)
from ftbench.stages.questions import Questionnaire, collect
from ftbench.stages.result import result_of
from ftbench.stages.save import save
from ftbench.stages.sheet import Sheet, stated_sheets
from ftbench.stages.tally import tally
from ftbench.stages.watch import Watch
from ftbench.stages.workroom import Workroom
from ftbench.statistics.result import RunResult

from .completeness import gaps
from .opening import LEDGER, LOCK, check_is_run
from .rows import ledger_damages


def rejudge(
    folder: Path,
    chosen: ChosenJudges,
    *,
    catalog: Catalog,
    watch: Watch,
    stopping: Callable[[], bool] = lambda: False,
    budget: Budget | None = None,
) -> RunResult:
    """Add the verdicts of judges to those that a run has, and count everything again.

    What is judged already is not judged again. Until every verdict is there, the run stays as it
    was; then all that it says changes at once. A judge that sends bills needs a ``budget``.

    Raises:
        UsageError: The folder is no finished run, or has another judge under the same name.
        DataError: The questions of the run's tasks are others by now.
        Busy: The run is being written by another process.
        StorageError: The ledger is damaged, or the disk is full.
        Stopped: The user asked to stop; the same command goes on.
    """
    known = known_judges(chosen.judges, catalog)
    budget = budget or made_budget(None, None)
    with _for_writing(folder) as run, _opened_cache(watch, budget) as cache:
        added = _added(run, known, chosen)
        sheets = stated_sheets(run.ledger)
        asked = _asked_again(run.ledger, sheets, catalog) if added else None
        room = Workroom(
            folder=run, others=(), cache=cache, told=watch.progress,
            stopping=stopping, noted=watch.note, budget=budget,
        )  # fmt: skip
        watch.begin("judge")
        made = have_judged(known, room, sheets)
        watch.end(f"{made} verdicts" + ("" if made else " (kept from an earlier run)"))
        watch.begin("score")
        with together(run.ledger):
            if asked is not None:
                _state(run, added, questionnaire=asked, sheets=sheets)
            counted = tally(run.ledger)
            result = result_of(run, counted)
        save(run, result, counted)
        room.give_rest()
        watch.end(f"{len(counted.rows)} rows")
    return result


@contextmanager
def _for_writing(folder: Path) -> Iterator[RunFolder]:
    """A finished run, locked, its ledger proven whole."""
    check_is_run(folder)
    folder = folder if folder.name == folder.resolve().name else folder.resolve()  # such as "."
    lock = RunLock(folder / LOCK)
    try:
        clear_own(folder)
        for damage in ledger_damages(folder):
            raise StorageError(f"The ledger {folder / LEDGER} {damage.wrong}. {damage.remedy}")
        ledger = Ledger(folder / LEDGER)
        try:
            _check_finished(folder, ledger)
            yield RunFolder(path=folder, ledger=ledger, lock=lock)
        finally:
            ledger.close()
    except OSError as error:
        if fault := machine_fault(error):
            raise fault from error
        raise
    finally:
        lock.release()


def _check_finished(folder: Path, ledger: Ledger) -> None:
    for gap in gaps(ledger):
        raise UsageError(
            f"{folder} cannot be judged yet: it {gap.wrong}. Type the command that began it once "
            "more, which does the rest, and then this one."
        )


@contextmanager
def _opened_cache(watch: Watch, budget: Budget) -> Iterator[FinishedWork | None]:
    cache = finished_work(told=watch.note, pays=budget.dollars is not None)
    try:
        yield cache
    finally:
        if cache is not None:
            cache.close()


def _added(
    run: RunFolder, known: Mapping[str, KnownJudge], chosen: ChosenJudges
) -> list[AddedJudge]:
    """Those of the chosen judges that the run does not have. Raises UsageError for a taken name."""
    has = judges_of(run.ledger)
    for name, one in known.items():
        if name in has and has[name] != one.who:
            raise UsageError(
                f"{run.path} has a judge {name!r} already, with other options or of another "
                f"version. To have both, file this one under a name of its own: "
                f"+judge@judge.NAME={one.judge.name} judge.NAME.option=VALUE."
            )
    redactor = Redactor(known_secrets())
    return [
        AddedJudge(
            name=name,
            who=one.who,
            composed=redacted(chosen.composed[name], redactor),
            at=moment(),
        )
        for name, one in known.items()
        if name not in has
    ]


def _asked_again(ledger: Ledger, sheets: Sequence[Sheet], catalog: Catalog) -> Questionnaire:
    """The questions of the run's suite. Raises DataError where they are not what was asked."""
    composed: dict[str, Any] = ledger.fact("composed") or {}
    found = collect(SuiteConfig(**composed["suite"]), catalog)
    asked = {
        place: entry.question.key for sheet in sheets for place, entry in sheet.entries.items()
    }
    if asked != {place: question.key for place, question in found.questions.items()}:
        raise DataError(
            "The tasks of this run ask other questions by now, so lm-eval cannot score its answers "
            "again. Install the versions that its result names."
        )
    return found


def _state(
    run: RunFolder,
    added: Sequence[AddedJudge],
    *,
    questionnaire: Questionnaire,
    sheets: Sequence[Sheet],
) -> None:
    """Write down what the run says with its further judges."""
    ledger = run.ledger
    state_added(ledger, added)
    score_with_lm_eval(questionnaire, run, sheets)
    ledger.state("about", with_judges(ledger.fact("about") or {}, ledger))
    ledger.state("composed", with_added(ledger.fact("composed") or {}, ledger))
