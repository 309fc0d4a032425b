"""Responses -> verdicts: each distinct answer to each question once, by every chosen judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ftbench.digest import digest, plain
from ftbench.errors import PluginError
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity
from ftbench.records import Question, Response
from ftbench.roles import Judge

from .folder import RunFolder
from .prepare import Plan
from .respond import copy_units
from .sheet import Sheet, is_judged


def judge_all(
    plan: Plan,
    folder: RunFolder,
    asked: Sequence[Sheet],
    *,
    catalog: Catalog,
    others: Sequence[Ledger],
    told: Callable[..., None],
) -> int:
    """Have every judged response judged by every judge; returns how many verdicts are new."""
    responses = folder.ledger.all("response")
    judges = plan.cell.config.judge
    identities = {name: identity(judge, "judge", catalog) for name, judge in judges.items()}
    folder.ledger.state("judges", plain(list(identities.items())))
    made = 0
    for name, judge in judges.items():
        who = identities[name]
        answers = answers_for(asked, responses, who)
        missing = [key for key in answers if key not in folder.ledger.keys("verdict")]
        copied = copy_units("verdict", missing, others, folder.ledger)
        remaining = {key: answers[key] for key in missing if key not in copied}
        if remaining:
            if judge.needs:
                plan.backend.release()
            _judged(judge, name, remaining, folder, told=told)
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
    judge: Judge,
    name: str,
    answers: Mapping[str, tuple[Question, Response]],
    folder: RunFolder,
    *,
    told: Callable[..., None],
) -> None:
    """Judge distinct answers under their verdict keys, so that each is judged once."""
    slots = {key: Slot(key=key, ledgers=(folder.ledger,)) for key in answers}
    desk = LedgerDesk(
        folder=folder.private,
        worker=f"judge {name!r}",
        kind="verdict",
        slots=slots,
        told=told,
        judge=name,
    )
    judge.judge([(q, replace(r, key=key)) for key, (q, r) in answers.items()], desk)
    if awaited := desk.awaited():
        raise PluginError(
            f"The judge {name!r} left {len(awaited)} of {len(answers)} responses without a "
            "verdict. The same command asks for the rest."
        )
