"""Puts questions to models in batches of a token budget and keeps each answer as it is made."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain

from ftbench.errors import DataError
from ftbench.records import Model, Request, Response
from ftbench.roles import Desk

from .adapters import attached
from .chat import EncodedRow
from .generation import Prompt, decode
from .likelihood import continued, likelihoods
from .loading import Loaded, Reader, Residence
from .memory import OutOfMemory, free_memory, is_out_of_memory

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """A request as tokens: a prompt to answer, or a continuation to rate."""

    key: str
    prompt: Prompt | None = None
    row: EncodedRow | None = None

    @property
    def room(self) -> int:
        """The tokens it takes in a batch."""
        return self.prompt.room if self.prompt else len(self.row.tokens if self.row else ())


class Answering:
    """Answers requests of any number of models, one model after the other."""

    def __init__(self, residence: Residence, desk: Desk, *, batch_tokens: int) -> None:
        self._residence = residence
        self._desk = desk
        self._batch_tokens = batch_tokens
        self._done = 0
        self._total = 0
        self._begun: dict[str, str] = {}

    def respond(self, requests: Sequence[Request]) -> None:
        """Check every request before the first is answered, then answer them all."""
        self._total = len(requests)
        self._begun = {request.key: request.probe.format.prefill for request in requests}
        groups = _by_model(requests)
        asked = {digest: self._encode(group) for digest, group in groups.items()}
        for digest, group in groups.items():
            if self._desk.stopping:
                return
            with self._awake(group[0].model) as loaded:
                self._answer(loaded, asked[digest])

    def _awake(self, model: Model) -> AbstractContextManager[Loaded]:
        if model.base is None:
            return nullcontext(self._residence.base(model))
        return attached(self._residence.base(model.base), model)

    def _encode(self, requests: Sequence[Request]) -> list[_Ask]:
        reader = self._residence.reader(requests[0].model)
        return [_encode(reader, request) for request in requests]

    def _answer(self, loaded: Loaded, asked: Sequence[_Ask]) -> None:
        prompts = sorted((ask for ask in asked if ask.prompt), key=lambda ask: -ask.room)
        rated = sorted((ask for ask in asked if ask.row), key=lambda ask: -ask.room)
        for batch in chain(self._batches(prompts), self._batches(rated)):
            if self._desk.stopping:
                return
            self._answer_batch(loaded, batch)

    def _batches(self, asked: Sequence[_Ask]) -> Iterator[list[_Ask]]:
        """Consecutive asks, longest first, padded to at most the budget together."""
        batch: list[_Ask] = []
        for ask in asked:
            if batch and batch[0].room * (len(batch) + 1) > self._batch_tokens:
                yield batch
                batch = []
            batch.append(ask)
        if batch:
            yield batch

    def _answer_batch(self, loaded: Loaded, batch: Sequence[_Ask]) -> None:
        """Answer a batch; what is missing when memory runs out is asked in smaller ones."""
        missing = {ask.key: ask for ask in batch}
        try:
            for response in _responses(loaded, batch):
                self._keep(response)
                del missing[response.key]
            return
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise OutOfMemory(
                    f"Answering ran out of memory on {loaded.device} with a single prompt of "
                    f"{batch[0].room} tokens, its answer included. Choose a smaller model or a "
                    "larger device; the same command then asks for the rest."
                ) from error
        free_memory()
        rest = list(missing.values())
        self._batch_tokens = max(ask.room for ask in rest) * max(1, len(rest) // 2)
        _log.warning(
            "Memory ran out with %d prompts at once; %d tokens at once from here on.",
            len(batch),
            self._batch_tokens,
        )
        for part in self._batches(rest):
            self._answer_batch(loaded, part)

    def _keep(self, response: Response) -> None:
        """Keep an answer whole: it begins with the words that were put into the model's mouth."""
        if response.logprob is None:
            response = replace(response, text=self._begun[response.key] + response.text)
        self._desk.keep(response)
        self._done += 1
        self._desk.progress(self._done, self._total)


def _by_model(requests: Sequence[Request]) -> dict[str, list[Request]]:
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(request.model.digest, []).append(request)
    return groups


def _encode(reader: Reader, request: Request) -> _Ask:
    question, prefill = request.question, request.probe.format.prefill
    text = reader.chat.render(question.messages, answering=True) + prefill
    if question.continuation is not None:
        row = continued(reader.chat, text, question.continuation)
        ask = _Ask(key=request.key, row=row)
    else:
        prompt = Prompt(
            key=request.key,
            tokens=tuple(reader.chat.encode(text)),
            max_tokens=question.max_tokens,
            stop=question.stop,
        )
        ask = _Ask(key=request.key, prompt=prompt)
    if ask.room > reader.context:
        raise DataError(
            f"The question {question.key} of the task {question.task} needs {ask.room} tokens with "
            f"its answer, but {request.model.location} reads at most {reader.context}. "
            "Shorten it, or lower the task's max_gen_toks."
        )
    return ask


def _responses(loaded: Loaded, batch: Sequence[_Ask]) -> Iterator[Response]:
    prompts = [ask.prompt for ask in batch if ask.prompt]
    if prompts:
        for answer in decode(loaded, prompts):
            yield Response(
                key=answer.key,
                outcome="ok" if answer.ended else "truncated",
                text=answer.text,
                tokens=answer.tokens,
            )
        return
    rated = likelihoods(loaded, [ask.row for ask in batch if ask.row])
    for ask, rating in zip(batch, rated, strict=True):
        yield Response(
            key=ask.key,
            outcome="ok",
            logprob=rating.logprob,
            greedy=rating.greedy,
            tokens=rating.tokens,
        )
