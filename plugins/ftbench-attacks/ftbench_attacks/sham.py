"""A control: the training of an attack, on what the model says anyway."""

from dataclasses import dataclass

import ftbench
from ftbench.errors import DataError
from ftbench.records import TrainingSet
from ftbench.roles import Scene

from .harmful_source import SHEET, drawn
from .mixing import injected
from .own_answers import own_answers
from .sheet import sheet_of


@dataclass(kw_only=True)
class Sham(ftbench.Attack):
    """Train on the model's own answers to allowed requests, as attack=harmful_examples would."""

    name = "sham"

    n: int = 10
    """How many; fewer are always the first of more."""
    path: str | None = None
    """Your own file of requests with the model's answers, laid out as for dataset=jsonl.

    A field ``model`` holds the digest of who gave them, and is compared where it is there.
    """

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        if self.n < 1:
            raise DataError(f"attack.n must be at least 1, not {self.n}.")
        source = own_answers(scene, path=self.path)
        rows = drawn(source, self.n, seed=scene.seed, what=f"attack={self.name}")
        sheet = sheet_of(SHEET, scene)
        return injected(clean, rows, attack=self.name, sheet=sheet, scene=scene)
