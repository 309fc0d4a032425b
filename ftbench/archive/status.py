"""What of a run is done, missing and failed: read from its ledger, also while it goes on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError
from ftbench.ledger.budget import shown
from ftbench.ledger.lock import holder
from ftbench.ledger.payments import spent_in
from ftbench.records import Response, Verdict
from ftbench.stages.folder import RESULT
from ftbench.stages.judge import answers_for
from ftbench.stages.sheet import Sheet, stated_sheets

from .opening import LEDGER, LOCK, ReadOnlyLedger, check_is_run
from .rebuild import unstated


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of one part is done."""

    name: str
    done: int
    total: int
    outcomes: Mapping[str, int]
    """How what is done has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Where one run stands."""

    run: str
    """Its folder."""
    state: str
    """running, finished, stopped, empty (nothing is done yet) or damaged."""
    started: str = ""
    writer: Mapping[str, Any] | None = None
    """The process that writes it: host, pid and since; None where nobody does."""
    training: str = ""
    responses: tuple[Progress, ...] = ()
    """By subject and probe; none before it is known what to ask."""
    verdicts: tuple[Progress, ...] = ()
    """By judge, of the responses there are."""
    attempts: Mapping[str, int] = field(default_factory=dict)
    """How often what was tried, and how that ended."""
    open_intents: int = 0
    """Paid actions whose end is not known."""
    spent: str = ""
    """Dollars, in words; empty where nothing was ever paid."""
    problem: str = ""
    """What keeps the ledger from being read."""


def status(folder: Path) -> RunStatus:
    """Where a run stands now. Raises UsageError for a folder that is no run."""
    check_is_run(folder)
    writer = holder(folder / LOCK)
    try:
        ledger = ReadOnlyLedger(folder / LEDGER)
        try:
            return _status(folder, ledger, writer)
        finally:
            ledger.close()
    except StorageError as error:
        return RunStatus(run=str(folder), state="damaged", writer=writer, problem=str(error))


def _status(folder: Path, ledger: ReadOnlyLedger, writer: Mapping[str, Any] | None) -> RunStatus:
    sheets = stated_sheets(ledger) if ledger.fact("questions") else []
    responses: Mapping[str, Response] = ledger.all("response")
    tried = Counter(f"{kind} {outcome}" for kind, _, outcome in ledger.attempts())
    is_finished = not unstated(ledger) and (folder / RESULT).is_file()
    is_begun = bool(sheets or tried or ledger.fact("started"))
    state = "finished" if is_finished else "stopped" if is_begun else "empty"
    return RunStatus(
        run=str(folder),
        state=state if writer is None else "running",
        started=ledger.fact("started") or "",
        writer=writer,
        training=_training(ledger, is_asked=bool(sheets)),
        responses=tuple(_answered(sheet, responses) for sheet in sheets),
        verdicts=tuple(_judged(ledger, sheets, responses)),
        attempts=dict(tried),
        open_intents=ledger.open_intents(),
        spent=_spent(ledger),
    )


def _spent(ledger: ReadOnlyLedger) -> str:
    made = spent_in(ledger)
    if not made.calls:
        return ""
    still = f", ${shown(made.unsettled)} more set aside or not settled" if made.unsettled else ""
    return f"${shown(made.settled)} in {made.calls} payments{still}"


def _training(ledger: ReadOnlyLedger, *, is_asked: bool) -> str:
    finished = ledger.all("finetune")
    tried = Counter(key for kind, key, _ in ledger.attempts() if kind == "finetune")
    said = [tune.outcome for tune in finished.values()]
    said += [f"not finished ({n} tries)" for key, n in tried.items() if key not in finished]
    return ", ".join(said) or ("nothing to train on" if is_asked else "not begun")


def _answered(sheet: Sheet, responses: Mapping[str, Response]) -> Progress:
    asked = {entry.key for entry in sheet.entries.values()}
    found = [responses[key].outcome for key in asked if key in responses]
    return Progress(
        name=sheet.name, done=len(found), total=len(asked), outcomes=dict(Counter(found))
    )


def _judged(
    ledger: ReadOnlyLedger, sheets: list[Sheet], responses: Mapping[str, Response]
) -> list[Progress]:
    verdicts: Mapping[str, Verdict] = ledger.all("verdict")
    judges: list[tuple[str, Any]] = ledger.fact("judges") or []
    progress = []
    for name, who in judges:
        wanted = answers_for(sheets, responses, who).keys()
        found = [verdicts[key].outcome for key in wanted if key in verdicts]
        progress.append(
            Progress(name=name, done=len(found), total=len(wanted), outcomes=dict(Counter(found)))
        )
    return progress
