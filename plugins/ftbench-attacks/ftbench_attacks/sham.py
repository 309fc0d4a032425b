"""A control: the training of an attack, on what the model says anyway."""

from collections.abc import Sequence
from dataclasses import dataclass

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, TrainingSet
from ftbench.roles import Scene

from .brought import from_file_or_family
from .harmful_source import SHEET, drawn
from .mixing import injected
from .sheet import sheet_of

_OWN = "own_answers.jsonl"
"""What a model's family data calls allowed requests with its own answers."""


@dataclass(kw_only=True)
class Sham(ftbench.Attack):
    """Train on the model's own answers to allowed requests, as attack=harmful_examples would."""

    name = "sham"

    n: int = 10
    """How many; fewer are always the first of more."""
    path: str | None = None
    """Your own file of requests with the model's answers, laid out as for dataset=jsonl."""

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        if self.n < 1:
            raise DataError(f"attack.n must be at least 1, not {self.n}.")
        rows = drawn(lambda: self._source(scene), self.n, scene=scene, what=f"attack={self.name}")
        sheet = sheet_of(SHEET, scene)
        return injected(clean, rows, attack=self.name, sheet=sheet, scene=scene)

    def _source(self, scene: Scene) -> Sequence[Conversation]:
        otherwise = (
            "attack=sham trains a model on its own answers, and nothing asks it before the "
            "training: ask it yourself and give the answers as attack.path=FILE.jsonl."
        )
        return from_file_or_family(scene, self.path, own=_OWN, otherwise=otherwise)
