"""A desk for work inside this process: it hands each record on, and has nothing else to lend."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ftbench.records import FineTune, Intent, Response, Verdict


@dataclass(kw_only=True)
class Listening:
    """Implements the Desk of ``ftbench.roles`` for a model on this machine, which costs nothing."""

    folder: Path
    heard: Callable[[FineTune | Response | Verdict], None]
    """Gets each record as it is kept."""
    asked_to_stop: Callable[[], bool] = field(default=lambda: False)

    @property
    def stopping(self) -> bool:
        """True once the user asked to stop."""
        return self.asked_to_stop()

    def keep(self, record: FineTune | Response | Verdict) -> None:
        """Hand a record on."""
        self.heard(record)

    def intend(self, key: str, action: str) -> str:
        """No money is spent on this machine."""
        raise NotImplementedError

    def intents(self, key: str) -> Sequence[Intent]:
        """No money is spent on this machine."""
        return ()

    def settle(self, token: str, answer: Mapping[str, str]) -> None:
        """No money is spent on this machine."""
        raise NotImplementedError

    def price(self, address: str, model: str) -> None:
        """No money is spent on this machine."""
        return

    def reserve(self, dollars: float | None, *, token: str = "") -> str:
        """No money is spent on this machine."""
        raise NotImplementedError

    def progress(self, done: int, total: int, **values: float) -> None:
        """Whoever listens tells how far it is."""

    def note(self, text: str, **facts: str) -> None:
        """Who judges tells how, by its own settings."""
