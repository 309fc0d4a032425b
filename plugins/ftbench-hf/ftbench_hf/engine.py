"""How answers are decoded, as a user may choose."""

from enum import Enum


class Engine(Enum):
    """How answers are decoded."""

    auto = "auto"
    """Rows in flight, many adapters of one base in one batch; in batches what cannot be so."""
    batches = "batches"
    """One model after the other, a batch at a time; what every architecture can."""
