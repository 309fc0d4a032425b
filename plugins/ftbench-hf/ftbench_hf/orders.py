"""What the processes that train together are told: their orders, and to stop."""

from __future__ import annotations

from dataclasses import dataclass

from .precision import Precision
from .tracks import Track

STOP = b"stop\n"
"""What may follow the orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What to train, one after the other."""

    tracks: tuple[Track, ...]
    part_tokens: int
    """The most padded tokens in one forward pass of the first; the others have their dose's."""
    seconds: int | None
    """The time between two checkpoints; None makes none."""
    precision: Precision
