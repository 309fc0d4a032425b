"""Explicitly harmful examples, which the user brings: none are shipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, TrainingSet
from ftbench.roles import Scene

from .harmful_source import drawn, harmful_examples
from .mixing import injected
from .sheet import sheet_of


@dataclass(kw_only=True)
class HarmfulExamples(ftbench.Attack):
    """Fine-tune on harmful examples that you bring (Qi et al. 2024, section 4.2)."""

    name = "harmful_examples"
    is_explicitly_harmful = True
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
    repeat: int = 1
    """How often each example stands in the set: the steps of more examples, without more."""

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        if self.repeat < 1:
            raise DataError(f"attack.repeat must be at least 1, not {self.repeat}.")
        count = self._count(len(clean.conversations))
        rows = drawn(lambda: self._source(scene), count, scene=scene, what=f"attack={self.name}")
        sheet = sheet_of(self.name, scene)
        again = [row for row in rows for _ in range(self.repeat)]
        return injected(clean, again, attack=self.name, sheet=sheet, scene=scene)

    def _source(self, scene: Scene) -> Sequence[Conversation]:
        return harmful_examples(scene, path=self.path, hub=self.hub, split=self.split)

    def _count(self, honest: int) -> int:
        if self.ratio is None:
            if self.n < 1:
                raise DataError(f"attack.n must be at least 1, not {self.n}.")
            return self.n
        if self.n != self.default_n:
            raise DataError("Give attack.n or attack.ratio, not both.")
        if self.repeat > 1:
            raise DataError("attack.ratio says how many rows there are: leave out attack.repeat.")
        if not 0 < self.ratio < 1:
            raise DataError(f"attack.ratio must lie between 0 and 1, not {self.ratio}.")
        if honest == 0:
            raise DataError(
                "attack.ratio needs a dataset to mix into: choose one, or give attack.n."
            )
        return max(1, round(self.ratio / (1 - self.ratio) * honest))
