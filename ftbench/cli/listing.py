"""Lines of a list, as wide as the terminal allows."""

import shutil
import sys
from collections.abc import Sequence

from .printable import printable

_NARROWEST = 40


def print_lines(rows: Sequence[tuple[str, str, str]]) -> None:
    """Print a name, what it is for, and where it comes from; a terminal cuts the middle to fit.

    Where it leaves no middle, what a name is for stands on a line of its own.
    """
    names = max((len(name) for name, _, _ in rows), default=0)
    sources = max((len(source) for _, _, source in rows), default=0)
    room = max((len(summary) for _, summary, _ in rows), default=0)
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns
        if columns < names + sources + _NARROWEST + 4:
            return _print_stacked(rows, columns)
        room = min(room, columns - names - sources - 4)
    for name, summary, source in rows:
        print(printable(f"{name:{names}}  {_cut(summary, room):{room}}  {source}").rstrip())
    return None


def _print_stacked(rows: Sequence[tuple[str, str, str]], columns: int) -> None:
    for name, summary, _ in rows:
        print(printable(name))
        print(printable(f"  {_cut(summary, max(1, columns - 2))}"))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "\N{HORIZONTAL ELLIPSIS}"
