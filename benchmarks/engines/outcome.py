"""What one way of doing cells took, stage by stage, and what the models said."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Outcome:
    """Seconds of the processor by stage, and every answer by model and prompt."""

    seconds: dict[str, float] = field(default_factory=dict)
    said: dict[str, list[list[int]]] = field(default_factory=dict)
    """Token by token, without the one that ends an answer."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is done meanwhile as one stage's."""
        began = time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - began

    @property
    def total(self) -> float:
        """All stages."""
        return sum(self.seconds.values())

    def tokens(self, model: str) -> int:
        """How many a model said, those that end answers included."""
        return sum(len(one) + 1 for one in self.said[model])


def same_answers(ours: Outcome, theirs: Outcome, cell: str) -> list[bool]:
    """Of the base and of one tuned model, answer by answer; peers call theirs "tuned"."""
    return [
        one == other
        for own, their in (("base", "base"), (cell, "tuned"))
        for one, other in zip(ours.said[own], theirs.said[their], strict=True)
    ]
