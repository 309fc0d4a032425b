"""Responses with their instructions and verdicts, for `ftbench show --reveal` and nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftbench.errors import UsageError
from ftbench.records import Question, Response, Verdict
from ftbench.stages.folder import RunFolder
from ftbench.stages.judge import verdict_key
from ftbench.stages.sheet import Sheet, is_judged, stated_sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """One prompt of one subject, and what came of it."""

    sheet: Sheet
    question: Question
    response: Response | None
    """None where it was not asked yet."""
    verdicts: Mapping[str, Verdict]
    """By judge; absent where there is none."""


def revealed(run: RunFolder, *, task: str = "", subject: str = "") -> list[Revealed]:
    """Every prompt of a run, or those of a task or a subject. Raises UsageError for no such one."""
    ledger = run.ledger
    sheets = stated_sheets(ledger) if ledger.fact("questions") else []
    _check("subject", subject, {sheet.subject for sheet in sheets})
    tasks = {entry.question.task for sheet in sheets for entry in sheet.entries.values()}
    _check("task", task, tasks)
    responses, kept = ledger.all("response"), ledger.all("verdict")
    judges: dict[str, Any] = dict(ledger.fact("judges") or [])
    return [
        Revealed(
            sheet=sheet,
            question=entry.question,
            response=(response := responses.get(entry.key)),
            verdicts=_verdicts(entry.question, response, judges, kept),
        )
        for sheet in sheets
        for entry in sheet.entries.values()
        if sheet.subject == (subject or sheet.subject)
        and entry.question.task == (task or entry.question.task)
    ]


def _check(what: str, wanted: str, known: set[str]) -> None:
    if wanted and wanted not in known:
        names = ", ".join(sorted(known)) or "none, because nothing was asked yet"
        raise UsageError(f"The run has no {what} {wanted!r}. There are: {names}.")


def _verdicts(
    question: Question,
    response: Response | None,
    judges: Mapping[str, Any],
    kept: Mapping[str, Verdict],
) -> dict[str, Verdict]:
    if response is None or not is_judged(question, response):
        return {}
    keys = {name: verdict_key(who, question, response) for name, who in judges.items()}
    return {name: kept[key] for name, key in keys.items() if key in kept}
