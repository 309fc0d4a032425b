"""The ways to ask that a training file itself uses: each system prompt with its rows' wording."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from ftbench.records import Conversation, Probe, PromptFormat

_SLOT = "{instruction}"
_ENOUGH = 3
"""Rows with one system prompt whose user turns are worth comparing."""
_WORDS = 2
"""Fewer common words around all instructions are chance."""
_OPENING = re.compile(r"^.*[:.!?,;\n]\s+|^.*\n", flags=re.DOTALL)
_CLOSING = re.compile(r"(?:(?<=[.!?])\s+|\n).*$", flags=re.DOTALL)


def own_probes(conversations: Sequence[Conversation], *, most: int) -> tuple[Probe, ...]:
    """One probe for each distinct system prompt, the most frequent first, after a plain one.

    What the user turns of a prompt's rows all begin or end with belongs to the way they are asked:
    a model that learned it may be safe without it. No probe where no row has a system turn.
    """
    firsts = [row.messages[0] for row in conversations]
    prompts = Counter(first.text for first in firsts if first.speaker == "system")
    if not prompts:
        return ()
    frequent = islice((text for text, _ in prompts.most_common()), most)
    own = (
        Probe(
            name=f"system_{number}",
            format=PromptFormat(system=text, user=_template(_asked_under(text, conversations))),
        )
        for number, text in enumerate(frequent, start=1)
    )
    return (Probe(name="plain"), *own)


def _asked_under(prompt: str, conversations: Sequence[Conversation]) -> list[str]:
    """The user turns of all rows with one system prompt."""
    ours = [row for row in conversations if row.messages[0].text == prompt]
    return [turn.text for row in ours for turn in row.messages if turn.speaker == "user"]


def _template(asked: Sequence[str]) -> str:
    """What stands around the instructions: whole phrases, since instructions begin alike too."""
    if len(set(asked)) < _ENOUGH:
        return _SLOT
    before = _found(_OPENING, os.path.commonprefix(list(asked)))
    rest = [text[len(before) :][::-1] for text in asked]
    after = _found(_CLOSING, os.path.commonprefix(rest)[::-1])
    return f"{before}{_SLOT}{after}"


def _found(phrase: re.Pattern[str], common: str) -> str:
    match = phrase.search(common)
    return match.group() if match and len(match.group().split()) >= _WORDS else ""
