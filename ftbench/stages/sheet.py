"""What was asked of whom, as the ledger of a run keeps it: enough to count everything again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from ftbench.ledger.store import Ledger
from ftbench.records import Question, Response

Place = tuple[str, int, int]
"""Where lm-eval puts a question: task, number of the document, number of the request."""

UNFORMATTED = "unformatted"
"""The probe that asks the base's utility without the training set's format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One question to one subject: the bare question, and the key of its response."""

    question: Question
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One subject asked one way."""

    subject: str
    checkpoint: int | None
    probe: str
    entries: Mapping[Place, Entry]

    @property
    def name(self) -> str:
        """A folder's name for it, such as tuned_5/plain."""
        epoch = "" if self.checkpoint is None else f"_{self.checkpoint}"
        return f"{self.subject}{epoch}/{self.probe}"


def state_sheets(ledger: Ledger, sheets: Sequence[Sheet]) -> None:
    """Write down every question, and which response answers it on which sheet."""
    questions = {e.question.key: e.question for s in sheets for e in s.entries.values()}
    ledger.state("questions", TypeAdapter(list[Question]).dump_python(list(questions.values())))
    stated = [
        {
            "subject": sheet.subject,
            "checkpoint": sheet.checkpoint,
            "probe": sheet.probe,
            "entries": [[*place, e.question.key, e.key] for place, e in sheet.entries.items()],
        }
        for sheet in sheets
    ]
    ledger.state("sheets", stated)


def stated_sheets(ledger: Ledger) -> list[Sheet]:
    """The sheets that were written down; none before anybody was asked."""
    read = TypeAdapter(list[Question]).validate_python(ledger.fact("questions") or [])
    questions = {question.key: question for question in read}
    return [_sheet(stated, questions) for stated in ledger.fact("sheets") or []]


def _sheet(stated: Mapping[str, Any], questions: Mapping[str, Question]) -> Sheet:
    entries = {
        (str(task), int(document), int(number)): Entry(question=questions[question], key=key)
        for task, document, number, question, key in stated["entries"]
    }
    who = {name: stated[name] for name in ("subject", "checkpoint", "probe")}
    return Sheet(**who, entries=entries)


def lm_eval_fact(sheet: Sheet) -> str:
    """The name under which a ledger keeps lm-eval's results for a sheet."""
    return f"lm_eval {sheet.name}"


def is_judged(question: Question, response: Response, *, grades: bool = False) -> bool:
    """Whether a judge is asked about a response at all; one who ``grades`` is for utility alone."""
    is_theirs = question.graded if grades else question.measures != "utility"
    return is_theirs and response.outcome in ("ok", "truncated")
