"""Nobody spends money without having been asked, or having said so beforehand."""

import sys
from collections.abc import Callable

from ftbench.errors import Stopped, UsageError

from .printable import printable

_AGREED = ("y", "yes")


def ask(words: str, *, otherwise: str) -> None:
    """Show something and go on only if the user agrees.

    Raises UsageError where there is no terminal to ask at, Stopped, with the words of
    ``otherwise``, where he does not agree.
    """
    shown = printable(words)
    screen = getattr(sys.stderr, "rich_proxied_file", sys.stderr)  # a view stands in for it
    if not (sys.stdin and sys.stdin.isatty() and screen.isatty()):
        raise UsageError(f"{shown}\nNobody can be asked here: add --yes to agree.")
    print(f"{shown}\nGo on? [y/N]", file=sys.stderr, flush=True)  # whole lines: a view holds others
    if sys.stdin.readline().strip().lower() not in _AGREED:
        raise Stopped(otherwise)


def consent(*, yes: bool, budget: float | None) -> Callable[[str], None]:
    """Who is shown a bill before it can grow; ``yes`` agrees to all of it beforehand."""

    def confirm(bill: str) -> None:
        if not yes:
            limit = "none given, so nothing is spent" if budget is None else f"${budget:g}"
            words = f"This can be billed:\n{bill}\n  budget_usd: {limit}"
            ask(words, otherwise="Nothing was bought.")

    return confirm
