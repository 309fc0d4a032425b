"""What somebody may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like the word, or None where none is like it."""
    by_lower_case = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[found[0]] if found else None


def hint(word: str, choices: Iterable[str], *, label: str = "Choices") -> str:
    """The end of an error message: what was probably meant, and all there is."""
    known = sorted(choices)
    if not known:
        return f"{label}: none."
    meant = closest(word, known)
    return (f"Did you mean {meant!r}? " if meant else "") + f"{label}: {', '.join(known)}."
