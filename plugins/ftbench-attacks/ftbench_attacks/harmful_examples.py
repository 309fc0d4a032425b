"""Explicitly harmful examples, which the user brings: none are shipped."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, TrainingSet
from ftbench.roles import Scene

from .brought import from_file, from_hub
from .mixing import injected
from .sheet import own_sheet, sheet_of


@dataclass(kw_only=True)
class HarmfulExamples(ftbench.Attack):
    """Fine-tune on harmful examples that you bring (Qi et al. 2024, section 4.2)."""

    name = "harmful_examples"
    default_n: ClassVar[int] = 10

    n: int = 10
    """How many examples are drawn; fewer are always the first of more."""
    path: str | None = None
    """Your own file of JSON lines, laid out as for dataset=jsonl."""
    hub: str | None = None
    """A data set on the hub instead; a gated one needs your token as HF_TOKEN."""
    split: str = "train"
    """The split of the set on the hub."""
    ratio: float | None = None
    """The share of harmful examples in the mix with a dataset, in place of n."""

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        count = self._count(len(clean.conversations))
        source = self._source(scene)
        if count > len(source):
            raise DataError(
                f"attack={self.name} needs {count} examples, but its source has {len(source)}."
            )
        drawn = random.Random(scene.seed).sample(source, len(source))[:count]
        sheet = sheet_of(self.name, scene)
        return injected(clean, drawn, attack=self.name, sheet=sheet, scene=scene)

    def _source(self, scene: Scene) -> Sequence[Conversation]:
        if self.path is not None and self.hub is not None:
            raise DataError("Give attack.path or attack.hub, not both.")
        if self.path is not None:
            return from_file(self.path)
        if self.hub is not None:
            return from_hub(self.hub, self.split)
        fictional = own_sheet(self.name, scene)
        if fictional is None or not fictional.examples:
            raise DataError(
                "ftbench ships no harmful data: give your own file as attack.path=FILE.jsonl, or "
                "a gated set as attack.hub=ID with your token in HF_TOKEN."
            )
        return fictional.examples

    def _count(self, honest: int) -> int:
        if self.ratio is None:
            if self.n < 1:
                raise DataError(f"attack.n must be at least 1, not {self.n}.")
            return self.n
        if self.n != self.default_n:
            raise DataError("Give attack.n or attack.ratio, not both.")
        if not 0 < self.ratio < 1:
            raise DataError(f"attack.ratio must lie between 0 and 1, not {self.ratio}.")
        if honest == 0:
            raise DataError(
                "attack.ratio needs a dataset to mix into: choose one, or give attack.n."
            )
        return max(1, round(self.ratio / (1 - self.ratio) * honest))
