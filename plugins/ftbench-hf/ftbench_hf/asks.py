"""Requests as tokens: a prompt to answer, or a continuation to rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ftbench.errors import DataError
from ftbench.records import Request

from .chat import EncodedRow
from .likelihood import continued
from .loading import Reader
from .rows import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request; exactly one of ``prompt`` and ``row`` is there."""

    key: str
    prompt: Prompt | None = None
    row: EncodedRow | None = None
    adapter: int | None = None
    """Which adapter of a stack answers; None is the base itself."""

    @property
    def room(self) -> int:
        """The tokens it takes in a batch."""
        return self.prompt.room if self.prompt else len(self.row.tokens if self.row else ())

    def named(self, key: str) -> Ask:
        """The same under another key."""
        prompt = replace(self.prompt, key=key) if self.prompt else None
        return replace(self, key=key, prompt=prompt)

    def to(self, adapter: int | None) -> Ask:
        """The same, put to an adapter of a stack."""
        prompt = replace(self.prompt, adapter=adapter) if self.prompt else None
        return replace(self, adapter=adapter, prompt=prompt)


class Encoder:
    """Requests as tokens; what several models are asked alike is turned into tokens once."""

    def __init__(self) -> None:
        self._known: dict[Any, Ask] = {}

    def ask(self, reader: Reader, request: Request) -> Ask:
        """A request in the tokens of a model.

        Raises:
            DataError: The model cannot read so much.
        """
        question = request.question
        length = (question.max_tokens, question.stop, question.continuation)
        same = (id(reader), question.messages, request.probe.format.prefill, *length)
        if same not in self._known:
            self._known[same] = _encoded(reader, request)
        return self._known[same].named(request.key)


def _encoded(reader: Reader, request: Request) -> Ask:
    """A request in the tokens of a model.

    Raises:
        DataError: The model cannot read so much.
    """
    question, prefill = request.question, request.probe.format.prefill
    text = reader.chat.render(question.messages, answering=True) + prefill
    if question.continuation is not None:
        row = continued(reader.chat, text, question.continuation)
        ask = Ask(key=request.key, row=row)
    else:
        prompt = Prompt(
            key=request.key,
            tokens=tuple(reader.chat.encode(text)),
            max_tokens=question.max_tokens,
            stop=question.stop,
        )
        ask = Ask(key=request.key, prompt=prompt)
    if ask.room > reader.context:
        raise DataError(
            f"The question {question.key} of the task {question.task} needs {ask.room} tokens with "
            f"its answer, but {request.model.location} reads at most {reader.context}. "
            "Shorten it, or lower the task's max_gen_toks."
        )
    return ask
