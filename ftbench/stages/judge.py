"""Responses -> verdicts: each distinct answer to each question once, by every chosen judge."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ftbench.digest import digest, plain
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity
from ftbench.records import Question, Response
from ftbench.roles import Judge

from .prepare import Plan
from .sheet import Sheet, is_judged
from .workroom import Workroom


def judge_all(plan: Plan, room: Workroom, asked: Sequence[Sheet], *, catalog: Catalog) -> int:
    """Have every judged response judged by every judge; returns how many verdicts are new."""
    ledger = room.folder.ledger
    responses = ledger.all("response")
    judges = plan.cell.config.judge
    identities = {name: identity(judge, "judge", catalog) for name, judge in judges.items()}
    ledger.state("judges", plain(list(identities.items())))
    made = 0
    for name, judge in judges.items():
        answers = answers_for(asked, responses, identities[name])
        missing = answers.keys() - ledger.keys("verdict")
        missing -= room.take("verdict", missing)
        remaining = {key: answer for key, answer in answers.items() if key in missing}
        if remaining:
            if judge.needs:
                plan.backend.release()
            _judged(judge, name, remaining, room)
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
            if response is None or not is_judged(entry.question, response):
                continue
            answers[verdict_key(who, entry.question, response)] = (entry.question, response)
    return answers


def verdict_key(who: Mapping[str, Any], question: Question, response: Response) -> str:
    """Who judges which answer to what: the same answer is never judged twice."""
    asked = (question.measures, question.instruction, question.reference)
    return digest("verdict", who, asked, response.text)


def _judged(
    judge: Judge, name: str, answers: Mapping[str, tuple[Question, Response]], room: Workroom
) -> None:
    """Judge distinct answers under their verdict keys, so that each is judged once."""
    desk = room.desk(f"judge {name!r}", "verdict", {key: key for key in answers}, judge=name)
    try:
        judge.judge([(q, replace(r, key=key)) for key, (q, r) in answers.items()], desk)
    finally:
        room.give("verdict", desk.kept)
    room.check_done(desk)
