"""What can be wrong with the folder of a run: the file, what is wrong with it, what to do."""

from dataclasses import dataclass

RESTORE = (
    "Restore it from a copy; without one, move the folder away and run the same command again."
)
EXPORT = "`ftbench export` writes it anew from the ledger."
GO_ON = "The same command does the rest."


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is wrong with one file."""

    file: str
    """Its path in the run's folder."""
    wrong: str
    remedy: str
