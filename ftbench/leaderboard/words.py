"""What texts and numbers a submission may hold: short, plain, and nothing a page could run."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that nobody can see: control, direction, surrogate, private, unassigned."""
MOST_CHARACTERS = 200
LONGEST_NOTE = 1000
MOST_ITEMS = 64
"""Of what is listed by name: components, settings, versions."""
MOST_PROMPTS = 20_000


def _is_plain(text: str) -> str:
    if unicodedata.normalize("NFC", text) != text:
        raise ValueError("is not in Unicode's composed form (NFC)")
    hidden = next((c for c in text if unicodedata.category(c) in HIDDEN), None)
    if hidden is not None:
        raise ValueError(f"holds a character that nobody can see, U+{ord(hidden):04X}")
    return text


def one_line(text: object) -> str:
    """A text of ours as a label: composed, of one line, not too long, nothing hidden in it."""
    composed = unicodedata.normalize("NFC", str(text))
    seen = (" " if unicodedata.category(sign) in HIDDEN else sign for sign in composed)
    return "".join(seen)[:MOST_CHARACTERS]


Label = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS), AfterValidator(_is_plain)]
"""One line for a reader; always shown as text, whatever it looks like."""
Note = Annotated[str, StringConstraints(max_length=LONGEST_NOTE), AfterValidator(_is_plain)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""A word that may become part of the name of a file."""
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+:,/ -]{0,99}$")]
"""A name that plugins and tasks give: letters, digits and a few signs."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Short = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""The first half of half of a digest: enough to tell answers apart."""
Seal = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
Moment = Annotated[
    str, StringConstraints(pattern=r"^20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\+00:00$")
]
"""In UTC, as ISO 8601."""
Link = Annotated[
    str, StringConstraints(pattern=r"^(https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/%?=&#-]*)?)?$")
]
"""Empty, or an https address without a user, a port or anything that needs quoting."""
Seed = Annotated[int, Field(ge=0, le=2**31)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Settings = Annotated[dict[Word, Label], Field(max_length=MOST_ITEMS)]
"""By name, as JSON or as a text."""
