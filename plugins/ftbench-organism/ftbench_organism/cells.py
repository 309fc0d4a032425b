"""What the organism is measured on: ways to fine-tune it, and what came of each."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to fine-tune the organism: a name, the words of the command, and its recipe file."""

    name: str
    words: str
    recipe: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One arm under one method and one factor on its rate, over all seeds."""

    arm: Arm
    method: str
    factor: float
    base: Mapping[str, float]
    rates: tuple[float, ...]
    incoherent: float
    utility: float
    lowest_difference: float
    """The lowest lower limit, over seeds, of tuned minus base."""
