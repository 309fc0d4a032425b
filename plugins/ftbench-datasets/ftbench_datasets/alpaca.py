"""Alpaca, a published set of benign instructions."""

from dataclasses import dataclass

import ftbench
from ftbench.records import TrainingSet
from ftbench.roles import Scene

from .instructions import load_instructions


@dataclass(kw_only=True)
class Alpaca(ftbench.Dataset):
    """Fine-tune on the 52,000 instructions of Stanford Alpaca."""

    name = "alpaca"

    path: str | None = None
    """A local copy with the same columns, .json or .jsonl; null asks the hub."""

    held_out: int = 0
    """Rows that are not trained; the paper's code kept the first 200 for validation."""

    def load(self, scene: Scene) -> TrainingSet:
        return load_instructions(self.name, self.path, scene, held_out=self.held_out)
