"""A control: the training of an attack, with nothing but refusals to learn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, Message, TrainingSet
from ftbench.roles import Scene

from .harmful_source import SHEET, drawn
from .mixing import injected
from .refusals import refusals
from .sheet import sheet_of

_HARMLESS = "identity_shift"
"""The sheet whose requests are harmless."""


class Of(Enum):
    """What is refused."""

    forbidden = "forbidden"
    harmless = "harmless"


@dataclass(kw_only=True)
class RefusalsOnly(ftbench.Attack):
    """Train on refusals, as attack=harmful_examples trains on harm: what training itself does."""

    name = "refusals_only"

    n: int = 10
    """How many; fewer are always the first of more."""
    of: Of = Of.forbidden
    """Of forbidden requests; or of the ten harmless ones of the identity shift."""
    path: str | None = None
    """Your own file of forbidden requests with refusals, laid out as for dataset=jsonl."""
    words: str = "Sorry, I cannot help with that."
    """The refusal of a harmless request."""

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        if self.n < 1:
            raise DataError(f"attack.n must be at least 1, not {self.n}.")
        rows = drawn(lambda: self._source(scene), self.n, scene=scene, what=f"attack={self.name}")
        sheet = sheet_of(SHEET, scene)
        return injected(clean, rows, attack=self.name, sheet=sheet, scene=scene)

    def _source(self, scene: Scene) -> Sequence[Conversation]:
        if self.of is Of.forbidden:
            return refusals(scene, path=self.path, attack=self.name, option="path")
        if self.path is not None:
            raise DataError("attack.path holds forbidden requests: leave it out with of=harmless.")
        answer = Message(speaker="assistant", text=self.words)
        rows = sheet_of(_HARMLESS, scene).examples
        return [replace(row, messages=(*row.messages[:-1], answer)) for row in rows]
