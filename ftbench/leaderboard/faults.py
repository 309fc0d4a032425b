"""What can be wrong with a submission: by name, with file, line and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong."""

    name: str
    """What kind of fault it is, such as "changed figure"."""
    wrong: str
    fix: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """One line: where, what, and what to do."""
        where = self.file + (f":{self.line}" if self.line else "")
        return f"{where}: {self.name}: {self.wrong} {self.fix}".removeprefix(": ")


class Unreadable(Exception):
    """A file that cannot even be read as what it should be."""

    def __init__(self, fault: Fault) -> None:
        """Carry what is wrong."""
        super().__init__(str(fault))
        self.fault = fault


MAKE_ANEW = "Make the submission anew with `ftbench submit`."


def line_of(text: bytes, *, after: str, nth: int = 0) -> int | None:
    """The line on which a piece of text stands for the nth time; None where it does not."""
    found = list(_places(text, after.encode()))
    return text.count(b"\n", 0, found[nth]) + 1 if nth < len(found) else None


def _places(text: bytes, piece: bytes) -> Iterator[int]:
    place = text.find(piece)
    while place >= 0:
        yield place
        place = text.find(piece, place + 1)
