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

    def load(self, scene: Scene) -> TrainingSet:
        return load_instructions(self.name, self.path, scene)
