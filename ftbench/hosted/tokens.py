"""How many tokens a text has, where the model's own tokenizer is not at hand.

An estimate, rather too high: English has some four letters to a token, and we count three. What a
job or a call really took is what the provider reports, and only that is settled.
"""

import json
from collections.abc import Iterable, Sequence
from math import ceil

from ftbench.records import Conversation, Message

from .answers import ChatRequest

LETTERS_PER_TOKEN = 3
TOKENS_PER_TURN = 8
TOKENS_PER_ROW = 250
"""Assumed of training rows that nobody has seen."""
_TOKENS_AROUND_A_TURN = 16
"""More than any chat template puts around a turn."""


def tokens_of(messages: Iterable[Message]) -> int:
    """About how many tokens some turns have."""
    turns = list(messages)
    letters = sum(len(turn.text) for turn in turns)
    return ceil(letters / LETTERS_PER_TOKEN) + TOKENS_PER_TURN * len(turns)


def tokens_in(rows: Sequence[Conversation]) -> int:
    """About how many tokens a training set has, for one epoch."""
    return tokens_of(turn for row in rows for turn in row.messages)


def stand_ins(count: int, tokens_each: float = TOKENS_PER_ROW) -> tuple[Conversation, ...]:
    """Rows of about as many tokens, in the place of rows that are out of reach."""
    letters = LETTERS_PER_TOKEN * max(1, round(tokens_each) - 2 * TOKENS_PER_TURN)
    turns = (Message(speaker="user", text="."), Message(speaker="assistant", text="." * letters))
    return (Conversation(messages=turns, origin="stands in for one out of reach"),) * count


def most_tokens(request: ChatRequest) -> int:
    """A number of tokens that a request cannot exceed: a token has at least one byte."""
    texts = [turn.text for turn in request.messages]
    if request.schema is not None:
        texts.append(json.dumps(dict(request.schema)))
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return size + _TOKENS_AROUND_A_TURN * (len(texts) + 1)
