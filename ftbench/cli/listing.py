"""Lines of a list, as wide as the terminal allows."""

import shutil
import sys
from collections.abc import Sequence

from .printable import printable

_NARROWEST = 40


def print_lines(rows: Sequence[tuple[str, str, str]]) -> None:
    """Print a name, what it is for, and where it comes from; a terminal cuts the middle to fit."""
    names = max((len(name) for name, _, _ in rows), default=0)
    sources = max((len(source) for _, _, source in rows), default=0)
    room = max((len(summary) for _, summary, _ in rows), default=0)
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns
        room = min(room, max(_NARROWEST, columns - names - sources - 4))
    for name, summary, source in rows:
        cut = summary if len(summary) <= room else summary[: room - 1] + "\N{HORIZONTAL ELLIPSIS}"
        print(printable(f"{name:{names}}  {cut:{room}}  {source}").rstrip())
