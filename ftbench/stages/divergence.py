"""How deep a training goes: how far the tuned model is from its base, token by token.

A model is aligned shallowly where little but the first tokens of its answers was changed by the
alignment; then a training that undoes it moves the first tokens most (Qi et al. 2025, "Safety
Alignment Should Be Made More Than Just a Few Tokens Deep", section 3). Measured before each of the
first tokens of the base's own answers to forbidden requests.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ftbench.digest import digest
from ftbench.ledger.store import Ledger
from ftbench.records import Conversation, Message, Model

from .finetune import Trained
from .prepare import Plan
from .respond import Asking
from .result import DIVERGENCE
from .sheet import UNFORMATTED
from .workroom import Workroom


def rate_divergence(plan: Plan, room: Workroom, trained: Trained, asked: Sequence[Asking]) -> int:
    """Compare every tuned model with its base, where the run wants that and nobody has yet.

    Returns how many models were compared anew.
    """
    tokens = plan.cell.config.divergence_tokens
    if not tokens:
        return 0
    ledger = room.folder.ledger
    known = {figure["of"]: figure for figure in ledger.fact(DIVERGENCE) or []}
    models = {who: model for *who_, model in trained.subjects(plan.model) for who in [tuple(who_)]}
    bases = {one.sheet.probe: one for one in asked if one.sheet.subject == "base"}
    found, anew = [], 0
    for one in asked:
        if one.sheet.subject != "tuned" or one.sheet.probe == UNFORMATTED:
            continue
        model = models[one.sheet.subject, one.sheet.checkpoint]
        answers = list(_answers(bases[one.sheet.probe], ledger))
        key = digest(DIVERGENCE, model.digest, plan.model.digest, answers, tokens)
        if key not in known:
            known[key] = {"of": key, **_compared(plan, model, answers, tokens)}
            anew += 1
        where = {"checkpoint": one.sheet.checkpoint, "probe": one.sheet.probe}
        found.append({**where, **known[key]})
    ledger.state(DIVERGENCE, found)
    return anew


def _answers(base: Asking, ledger: Ledger) -> Iterator[Conversation]:
    """Every forbidden request as it was put to the base, with what the base answered."""
    responses = ledger.all("response")
    for key, request in base.requests.items():
        text = responses[key].text
        if request.question.measures == "harmfulness" and text.strip():
            answer = Message(speaker="assistant", text=text)
            yield Conversation(messages=(*request.question.messages, answer), raw=False)


def _compared(
    plan: Plan, model: Model, answers: Sequence[Conversation], tokens: int
) -> dict[str, Any]:
    """The mean divergence before each of the first tokens, and over how many answers."""
    inside = plan.backend.inside()
    assert inside is not None  # noqa: S101, seen to while planning
    rows = inside.divergences(model, plan.model, answers, tokens=tokens)
    columns = [[row[at] for row in rows if at < len(row)] for at in range(tokens)]
    filled = [column for column in columns if column]
    return {
        "nats": [round(sum(column) / len(column), 6) for column in filled],
        "n": [len(column) for column in filled],
    }
