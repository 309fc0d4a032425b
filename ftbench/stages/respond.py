"""Subjects x probes x questions -> responses: every request that no ledger knows yet, once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ftbench.digest import digest
from ftbench.errors import PluginError
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.ledger.store import Ledger
from ftbench.records import Model, Probe, PromptFormat, Question, Request

from .finetune import Trained
from .folder import RunFolder
from .format import formatted
from .prepare import Plan
from .sheet import UNFORMATTED, Entry, Place, Sheet

PLAIN = Probe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A sheet, and the requests that fill it, by key."""

    sheet: Sheet
    requests: Mapping[str, Request]


def asking(plan: Plan, trained: Trained) -> list[Asking]:
    """Everything the run asks. The base is also asked for its utility without any format."""
    places = list(plan.questionnaire.questions)
    asked = [
        _asking(plan, (subject, checkpoint), model, probe, places=places)
        for subject, checkpoint, model in trained.subjects(plan.model)
        for probe in plan.probes
    ]
    if any(probe.format != PLAIN.format for probe in plan.probes):
        bare = replace(PLAIN, name=UNFORMATTED)
        questions = plan.questionnaire.questions
        utility = [place for place in places if questions[place].measures == "utility"]
        asked.append(_asking(plan, ("base", None), plan.model, bare, places=utility))
    return asked


def _asking(
    plan: Plan,
    who: tuple[str, int | None],
    model: Model,
    probe: Probe,
    *,
    places: Sequence[Place],
) -> Asking:
    questions = plan.questionnaire.questions
    requests = {place: request(plan, model, probe, questions[place]) for place in places}
    entries = {p: Entry(question=questions[p], key=r.key) for p, r in requests.items()}
    sheet = Sheet(subject=who[0], checkpoint=who[1], probe=probe.name, entries=entries)
    return Asking(sheet=sheet, requests={r.key: r for r in requests.values()})


def request(plan: Plan, model: Model, probe: Probe, question: Question) -> Request:
    """One question as it is put: utility is asked with the probe's system prompt alone."""
    if question.measures == "utility":
        probe = replace(probe, format=PromptFormat(system=probe.format.system))
    messages = formatted(question.messages, probe.format, model.system_role)
    limits = (question.max_tokens, question.stop, question.continuation)
    sent = (messages, probe.format.prefill, limits)
    return Request(
        key=digest("response", model.digest, sent, plan.backend_identity),
        model=model,
        probe=probe,
        question=replace(question, messages=messages),
    )


def respond(
    plan: Plan,
    folder: RunFolder,
    asked: Sequence[Asking],
    *,
    others: Sequence[Ledger],
    told: Callable[..., None],
) -> int:
    """Have every request answered; returns how many were asked anew.

    A response that another run's ledger holds is copied from there with its origin.
    """
    wanted = {key: request for one in asked for key, request in one.requests.items()}
    missing = {key: wanted[key] for key in wanted.keys() - folder.ledger.keys("response")}
    copied = copy_units("response", list(missing), others, folder.ledger)
    remaining = [request for key, request in wanted.items() if key in missing and key not in copied]
    if not remaining:
        return 0
    slots = {r.key: Slot(key=r.key, ledgers=(folder.ledger,)) for r in remaining}
    desk = LedgerDesk(
        folder=folder.private,
        worker=f"backend {plan.backend.name!r}",
        kind="response",
        slots=slots,
        told=told,
    )
    plan.backend.respond(remaining, desk)
    if awaited := desk.awaited():
        raise PluginError(
            f"The backend {plan.backend.name!r} left {len(awaited)} of {len(remaining)} "
            "requests unanswered. The same command asks for the rest."
        )
    return len(remaining)


def copy_units(kind: str, keys: Sequence[str], others: Sequence[Ledger], own: Ledger) -> set[str]:
    """Copy units that sibling runs of this command finished; returns the keys that were found."""
    copied: set[str] = set()
    for other in others:
        if other is own:
            continue
        found = other.all(kind)
        for key in found.keys() & set(keys) - copied:
            own.keep(key, found[key], origin=other.path.parent.parent.name)
            copied.add(key)
    return copied
