"""What the doctor says about one thing."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "unknown", "warning", "problem"] = "ok"
    """A problem would stop a run; a warning would stop some, or slow them down. What could not be
    looked at is unknown."""
    found: str
    advice: str = ""
    """What to do about it."""
