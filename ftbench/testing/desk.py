"""A desk in memory, so that a component can be tested without a run around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from ftbench.errors import BudgetError
from ftbench.ledger.bills import Price
from ftbench.records import FineTune, Intent, Response, Verdict


@dataclass(kw_only=True)
class MemoryDesk:
    """Keeps every record in a list; safe from any thread.

    It refuses what the ledger refuses: a second record of one kind and key. After ``stop_after``
    records ``stopping`` is true, as if the user had asked to stop.
    """

    folder: Path
    stopping: bool = False
    stop_after: int | None = None
    dollars: float = 0.0
    """What may still be reserved."""
    prices: dict[str, Price | None] = field(default_factory=dict)
    """By model; None for a price that nobody knows. Every other model is free."""
    reserved: dict[str, float] = field(default_factory=dict)
    """By token: what was set aside."""
    records: list[FineTune | Response | Verdict] = field(default_factory=list)
    """What was kept, in the order of arrival."""
    intended: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By token: the key and the action."""
    settled: dict[str, dict[str, str]] = field(default_factory=dict)
    """By token: how the action ended."""
    progressed: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    noted: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """What the user was told of how the work is done, each once."""
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def fine_tunes(self) -> dict[str, FineTune]:
        """The fine-tunes kept so far, by key."""
        return {record.key: record for record in self.records if isinstance(record, FineTune)}

    @property
    def responses(self) -> dict[str, Response]:
        """The responses kept so far, by key."""
        return {record.key: record for record in self.records if isinstance(record, Response)}

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts kept so far, by key."""
        return {record.key: record for record in self.records if isinstance(record, Verdict)}

    def keep(self, record: FineTune | Response | Verdict) -> None:
        """Keep one record. Raises AssertionError where one of its kind and key is there already."""
        with self._lock:
            known = {(type(kept), kept.key) for kept in self.records}
            what = f"{type(record).__name__} {record.key!r}"
            assert (type(record), record.key) not in known, f"{what} was kept twice."
            self.records.append(record)
            if self.stop_after is not None and len(self.records) >= self.stop_after:
                self.stopping = True

    def intend(self, key: str, action: str) -> str:
        """Write down what is about to be done; the token is a running number."""
        with self._lock:
            token = str(len(self.intended))
            self.intended[token] = (key, action)
            return token

    def intents(self, key: str) -> Sequence[Intent]:
        """What was intended for a key until now."""
        with self._lock:
            return [
                Intent(
                    token=token,
                    key=of,
                    action=action,
                    intended_at="2026-11-24T00:00:00+00:00",
                    answer=self.settled.get(token),
                )
                for token, (of, action) in self.intended.items()
                if of == key
            ]

    def settle(self, token: str, answer: Mapping[str, str]) -> None:
        """Write down how it ended. Raises AssertionError where that contradicts what was told."""
        with self._lock:
            is_known = token in self.intended or token in self.reserved
            assert is_known, f"No action has the token {token!r}."
            known = self.settled.get(token, {})
            changed = [name for name in known.keys() & answer.keys() if known[name] != answer[name]]
            assert not changed, f"The action of token {token!r} was settled twice: {changed}."
            self.settled[token] = known | dict(answer)
            if "dollars" in answer.keys() - known.keys():
                self.dollars += self.reserved.get(token, 0.0) - float(answer["dollars"])

    def price(self, address: str, model: str) -> Price | None:
        """What ``prices`` says of a model; free where a service is on this machine."""
        return self.prices.get(model, Price(input=0, output=0, training=0, hourly=0))

    def reserve(self, dollars: float | None, *, token: str = "") -> str:
        """Set money aside. Raises BudgetError where it is not there, or no price is known."""
        if dollars is None:
            raise BudgetError("Nobody knows what it costs.")
        with self._lock:
            more = dollars - self.reserved.get(token, 0.0)
            if more > self.dollars:
                raise BudgetError(f"${more:.2f} are needed, ${self.dollars:.2f} are left.")
            token = token or f"money {len(self.reserved)}"
            self.dollars -= max(0.0, more)
            self.reserved[token] = max(dollars, self.reserved.get(token, 0.0))
            return token

    def progress(self, done: int, total: int, **values: float) -> None:
        """Write down how far the work is."""
        with self._lock:
            assert 0 <= done <= total, f"Progress says {done} of {total}."
            self.progressed.append((done, total, values))

    def note(self, text: str, **facts: str) -> None:
        """Write down what the user is told, once."""
        with self._lock:
            if (text, facts) not in self.noted:
                self.noted.append((text, facts))
