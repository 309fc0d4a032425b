"""Responses -> verdicts: each distinct answer to each question once, by every chosen judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ftbench.digest import digest
from ftbench.plugin.catalog import Catalog
from ftbench.records import Question, Response
from ftbench.roles import Judge

from .panel import GRADES, KnownJudge, known_judges, state_judges
from .sheet import Sheet, is_judged

if TYPE_CHECKING:
    from .prepare import Plan
    from .workroom import Workroom


def judge_all(plan: "Plan", room: "Workroom", asked: Sequence[Sheet], *, catalog: Catalog) -> int:
    """Have every judged response judged by every judge; returns how many verdicts are new."""
    judges = known_judges(plan.cell.config.judge, catalog)
    state_judges(room.folder.ledger, judges)
    return have_judged(judges, room, asked, release=plan.backend.release)


def have_judged(
    judges: Mapping[str, KnownJudge],
    room: "Workroom",
    asked: Sequence[Sheet],
    *,
    release: Callable[[], None] = lambda: None,
) -> int:
    """Have some judges judge what they have not judged yet; returns how many verdicts are new.

    ``release`` frees the device before a judge that needs one begins.
    """
    ledger = room.folder.ledger
    responses = ledger.all("response")
    made = 0
    for name, one in judges.items():
        answers = answers_for(asked, responses, one.who)
        missing = answers.keys() - ledger.keys("verdict")
        missing -= room.take("verdict", missing)
        remaining = {key: answer for key, answer in answers.items() if key in missing}
        if remaining:
            if one.judge.needs:
                release()
            _judged(one.judge, name, remaining, room)
            made += len(remaining)
    return made


def answers_for(
    asked: Sequence[Sheet], responses: Mapping[str, Response], who: Mapping[str, Any]
) -> dict[str, tuple[Question, Response]]:
    """What a judge has to judge, by verdict key. Blocked and failed responses have no verdict."""
    answers: dict[str, tuple[Question, Response]] = {}
    for sheet in asked:
        for entry in sheet.entries.values():
            response = responses.get(entry.key)
            if response is None or not is_judged(entry.question, response, grades=GRADES in who):
                continue
            answers[verdict_key(who, entry.question, response)] = (entry.question, response)
    return answers


def verdict_key(who: Mapping[str, Any], question: Question, response: Response) -> str:
    """Who judges which answer to what: the same answer is never judged twice."""
    about = (question.task, question.category, question.measures)
    asked = (*about, question.instruction, question.reference)
    return digest("verdict", who, asked, response.text)


def _judged(
    judge: Judge, name: str, answers: Mapping[str, tuple[Question, Response]], room: "Workroom"
) -> None:
    """Judge distinct answers under their verdict keys, so that each is judged once."""
    desk = room.desk(f"judge {name!r}", "verdict", {key: key for key in answers}, judge=name)
    try:
        judge.judge([(q, replace(r, key=key)) for key, (q, r) in answers.items()], desk)
    finally:
        room.give("verdict", desk.kept)
    room.check_done(desk)
