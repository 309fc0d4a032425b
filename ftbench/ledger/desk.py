"""The desk that a component works at: what it keeps goes to every ledger that asked for it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ftbench.errors import PluginError
from ftbench.records import Intent, Verdict

from .bills import Price
from .budget import Budget
from .codec import Unit, kind_of
from .intents import intents
from .store import Ledger
from .together import together

NOTES = "notes"
"""The fact that holds how the work of a run was done, in the order in which it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where one awaited record goes: its key in the ledgers that want it."""

    key: str
    ledgers: tuple[Ledger, ...]


@dataclass(kw_only=True)
class LedgerDesk:
    """Implements the Desk of ``roles``; made anew for each call of a component."""

    folder: Path
    worker: str
    """Who works here, for error messages: "backend 'hf'"."""
    kind: str
    """The kind of record awaited: finetune, response or verdict."""
    slots: Mapping[str, Slot]
    """By the key that the component echoes."""
    told: Callable[..., None]
    """Gets progress as ``told(done, total, **values)``."""
    judge: str = ""
    """For verdicts: the name they are filed under."""
    asked_to_stop: Callable[[], bool] = lambda: False
    noted: Callable[[str], None] = lambda text: None
    """Gets what the user should read."""
    budget: Budget = field(default_factory=Budget)
    """What may be spent, shared by every desk of one command; nothing, unless one is given."""
    kept: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def stopping(self) -> bool:
        """Whether the user asked to stop."""
        return self.asked_to_stop()

    def keep(self, record: Unit) -> None:
        """Record one unit in every ledger that awaits it. Raises PluginError for any other."""
        slot = self.slots.get(record.key)
        if slot is None or kind_of(record) != self.kind:
            raise PluginError(f"The {self.worker} kept a {kind_of(record)} that nobody asked for.")
        with self._lock:
            if record.key in self.kept:
                raise PluginError(f"The {self.worker} kept one {self.kind} twice.")
            self.kept.add(record.key)
        if isinstance(record, Verdict):
            record = replace(record, judge=self.judge)
        for ledger in slot.ledgers:
            ledger.keep(slot.key, record)

    def awaited(self) -> Sequence[str]:
        """The keys that nothing was kept for, in the order they were asked."""
        return [key for key in self.slots if key not in self.kept]

    def intend(self, key: str, action: str) -> str:
        """Write down an action that costs money in the first ledger that awaits the key."""
        return self._ledger(key).intend(key, action)

    def intents(self, key: str) -> Sequence[Intent]:
        """What earlier starts and this one intended for a key."""
        return intents(self._ledger(key), key)

    def _ledger(self, key: str) -> Ledger:
        """The first that awaits a key; of a key that is no unit's, the first of all."""
        slot = self.slots.get(key) or next(iter(self.slots.values()))
        return slot.ledgers[0]

    def settle(self, token: str, answer: Mapping[str, str]) -> None:
        """Write down how an intended action ended, and what it cost; both, or neither."""
        for ledger in self._ledgers():
            with self.budget.lock, together(ledger):
                ledger.settle(token, answer)
                if "dollars" in answer:
                    self.budget.settle(ledger, token, answer["dollars"])

    def _ledgers(self) -> set[Ledger]:
        """Every ledger that awaits something."""
        return {ledger for slot in self.slots.values() for ledger in slot.ledgers}

    def price(self, address: str, model: str) -> Price | None:
        """What the service at an address charges for a model, by the command's price table."""
        return self.budget.price(address, model)

    def reserve(self, dollars: float | None, *, token: str = "") -> str:
        """Set money aside in the ledger of the first unit awaited, within the budget."""
        ledger = next(iter(self.slots.values())).ledgers[0]
        return self.budget.reserve(ledger, self.worker, dollars, token)

    def progress(self, done: int, total: int, **values: float) -> None:
        """Pass progress on to whoever watches."""
        self.told(done, total, **values)

    def note(self, text: str, **facts: str) -> None:
        """Keep a note with every run that awaits something; show it where one of them is told."""
        said, is_new = {"note": text, **facts}, False
        with self._lock:
            for ledger in self._ledgers():
                known = ledger.fact(NOTES) or []
                if said not in known:
                    ledger.state(NOTES, [*known, said])
                    is_new = True
        if is_new:
            self.noted(text)
