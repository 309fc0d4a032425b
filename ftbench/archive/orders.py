"""The paid orders of a run: what is on record of them, and a person's word where nobody knows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.errors import UsageError
from ftbench.hosted.finetuning import HostedBackend
from ftbench.hosted.finetuning.ordering import ACTION, END, JOB, OUTCOME, VOID
from ftbench.ledger.intents import intents
from ftbench.ledger.lock import RunLock
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.records import Intent
from ftbench.stages.folder import BACKEND_FACT

from .opening import LEDGER, LOCK, check_is_run, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOrder:
    """One fine-tune that a run has ordered, or may have."""

    run: str
    token: str
    """What its metadata at the provider say."""
    since: str
    job: str
    """The provider's name for it; empty where nobody knows one."""
    state: str


def orders(folder: Path) -> list[PaidOrder]:
    """What a run has ordered, oldest first; also while it goes on. Raises UsageError."""
    with opened(folder) as run:
        return [_shown(folder, intent) for intent in _orders(run.ledger)]


def _orders(ledger: Ledger) -> list[Intent]:
    return [intent for intent in intents(ledger) if intent.action == ACTION]


def _shown(folder: Path, intent: Intent) -> PaidOrder:
    answer = intent.answer or {}
    return PaidOrder(
        run=str(folder),
        token=intent.token,
        since=intent.intended_at,
        job=answer.get(JOB, ""),
        state=_state(intent.answer),
    )


def _state(answer: Mapping[str, str] | None) -> str:
    if answer is None:
        return "UNKNOWN whether it was taken"
    if VOID in answer:
        return f"called off: {answer[VOID]}"
    return answer.get("ended_as") or answer.get(END) or answer.get(OUTCOME) or "under way"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order of a run that nobody else writes meanwhile."""

    folder: Path
    ledger: Ledger
    intent: Intent

    @property
    def job(self) -> str:
        """The provider's name for it; empty where nobody knows one."""
        return (self.intent.answer or {}).get(JOB, "")

    def settle(self, answer: Mapping[str, str]) -> None:
        """Write down what became of it."""
        self.ledger.settle(self.intent.token, answer)

    def backend(self, catalog: Catalog) -> HostedBackend:
        """The backend that the run ordered with. Raises UsageError where it is not installed."""
        stated: Mapping[str, Any] = self.ledger.fact(BACKEND_FACT) or {}
        offer = catalog.components["backend"].get(str(stated.get("name")))
        if offer is None or not issubclass(offer.thing, HostedBackend):
            raise UsageError(
                f"{self.folder} was begun with the backend {stated.get('name')!r}, which is not "
                "installed or orders nothing."
            )
        backend: HostedBackend = offer.thing(**stated["settings"])
        return backend


@contextmanager
def open_order(folder: Path, wanted: str = "") -> Iterator[OpenOrder]:
    """The one order of a run that is not called off and not over, or that of a job or token.

    Raises UsageError where there is none or more than one, Busy while the run goes on.
    """
    check_is_run(folder)
    lock = RunLock(folder / LOCK)
    ledger = Ledger(folder / LEDGER)
    try:
        found = [one for one in _orders(ledger) if _is_meant(one, wanted)]
        yield OpenOrder(folder=folder, ledger=ledger, intent=_only(found, folder, wanted))
    finally:
        ledger.close()
        lock.release()


def _is_meant(intent: Intent, wanted: str) -> bool:
    answer = intent.answer or {}
    if wanted:
        return wanted in (intent.token, answer.get(JOB))
    return not {VOID, END, OUTCOME} & answer.keys()


def _only(found: Sequence[Intent], folder: Path, wanted: str) -> Intent:
    if not found:
        which = f"no order {wanted!r}" if wanted else "no order whose end is open"
        raise UsageError(f"{folder} has {which}. `ftbench jobs list {folder}` shows what it has.")
    if len(found) > 1:
        tokens = ", ".join(intent.token for intent in found)
        raise UsageError(f"{folder} has several open orders; name one with --order: {tokens}.")
    return found[0]
