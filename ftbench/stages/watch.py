"""How a pipeline tells somebody who watches what it is doing."""

from typing import Protocol


class Watch(Protocol):
    """Told of every stage; one stage is under way at a time."""

    def begin(self, stage: str, detail: str = "") -> None:
        """A stage begins: prepare, audit, finetune, respond, judge, score, publish."""

    def progress(self, done: int, total: int, **values: float) -> None:
        """How far the stage is, with figures worth watching, such as the loss."""

    def end(self, summary: str = "") -> None:
        """The stage is over; what it did in a few words."""

    def note(self, text: str) -> None:
        """Something the user should read; never a response."""


class Silent:
    """Nobody watches."""

    def begin(self, stage: str, detail: str = "") -> None:
        """Do nothing."""

    def progress(self, done: int, total: int, **values: float) -> None:
        """Do nothing."""

    def end(self, summary: str = "") -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""
