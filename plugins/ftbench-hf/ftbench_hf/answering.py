"""Puts questions to models in batches of a token budget and keeps each answer as it is made."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from ftbench.records import Request, Response
from ftbench.roles import Desk

from .asks import Ask, encoded
from .engine import Engine
from .generation import decode
from .in_flight import decode_in_flight
from .likelihood import likelihoods
from .loading import Residence
from .memory import OutOfMemory, free_memory, is_out_of_memory
from .rows import Answer
from .speakers import Speaker, speakers

_log = logging.getLogger(__name__)


class Answering:
    """Answers requests of any number of models; those of one base together, where they can."""

    def __init__(
        self, residence: Residence, desk: Desk, *, batch_tokens: int, engine: Engine, adapters: int
    ) -> None:
        self._residence = residence
        self._desk = desk
        self._batch_tokens = batch_tokens
        self._engine = engine
        self._adapters = adapters
        self._done = 0
        self._total = 0
        self._begun: dict[str, str] = {}

    def respond(self, requests: Sequence[Request]) -> None:
        """Check every request before the first is answered, then answer them all."""
        self._total = len(requests)
        self._begun = {request.key: request.probe.format.prefill for request in requests}
        models = {request.model.digest: request.model for request in requests}
        asked: dict[str, list[Ask]] = {digest: [] for digest in models}
        for request in requests:
            reader = self._residence.reader(request.model)
            asked[request.model.digest].append(encoded(reader, request))
        everyone = list(models.values())
        for speaking in speakers(
            self._residence, everyone, engine=self._engine, adapters=self._adapters
        ):
            if self._desk.stopping:
                return
            with speaking as speaker:
                numbers = speaker.numbers.items()
                self._answer(speaker, [ask.to(to) for one, to in numbers for ask in asked[one]])

    def _answer(self, speaker: Speaker, asked: Sequence[Ask]) -> None:
        prompts = sorted((ask for ask in asked if ask.prompt), key=lambda ask: -ask.room)
        rated = sorted((ask for ask in asked if ask.row), key=lambda ask: -ask.room)
        if speaker.is_in_flight:
            batches = chain([prompts] if prompts else [], self._batches(rated))
        else:
            batches = chain(self._batches(prompts), self._batches(rated))
        for batch in batches:
            if self._desk.stopping:
                return
            self._answer_batch(speaker, batch)

    def _batches(self, asked: Sequence[Ask]) -> Iterator[list[Ask]]:
        """Consecutive asks, longest first, padded to at most the budget together."""
        batch: list[Ask] = []
        for ask in asked:
            if batch and batch[0].room * (len(batch) + 1) > self._batch_tokens:
                yield batch
                batch = []
            batch.append(ask)
        if batch:
            yield batch

    def _answer_batch(self, speaker: Speaker, batch: Sequence[Ask]) -> None:
        """Answer a batch; what is missing when memory runs out is asked in smaller ones."""
        missing = {ask.key: ask for ask in batch}
        try:
            for response in self._responses(speaker, batch):
                self._keep(response)
                del missing[response.key]
                if self._desk.stopping:
                    return
            return
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            at_once = min(len(batch), self._batch_tokens // batch[0].room)
            if at_once <= 1:
                raise OutOfMemory(
                    f"Answering ran out of memory on {speaker.loaded.device} with a single prompt "
                    f"of {batch[0].room} tokens, its answer included. Choose a smaller model or a "
                    "larger device; the same command then asks for the rest."
                ) from error
        free_memory()
        rest = list(missing.values())
        self._batch_tokens = max(ask.room for ask in rest) * max(1, min(at_once, len(rest)) // 2)
        _log.warning(
            "Memory ran out with %d prompts at once; %d tokens at once from here on.",
            at_once,
            self._batch_tokens,
        )
        for part in [rest] if speaker.is_in_flight else self._batches(rest):
            self._answer_batch(speaker, part)

    def _responses(self, speaker: Speaker, batch: Sequence[Ask]) -> Iterator[Response]:
        prompts = [ask.prompt for ask in batch if ask.prompt]
        if not prompts:
            return self._rated(speaker, batch)
        if not speaker.is_in_flight:
            return map(_response, decode(speaker.loaded, prompts))
        budget, stack = self._batch_tokens, speaker.stack
        return map(_response, decode_in_flight(speaker.loaded, prompts, budget=budget, stack=stack))

    def _rated(self, speaker: Speaker, batch: Sequence[Ask]) -> Iterator[Response]:
        if speaker.stack is not None:
            speaker.stack.route([ask.adapter for ask in batch])
        rated = likelihoods(speaker.loaded, [ask.row for ask in batch if ask.row])
        for ask, rating in zip(batch, rated, strict=True):
            yield Response(
                key=ask.key,
                outcome="ok",
                logprob=rating.logprob,
                greedy=rating.greedy,
                tokens=rating.tokens,
            )

    def _keep(self, response: Response) -> None:
        """Keep an answer whole: it begins with the words that were put into the model's mouth."""
        if response.logprob is None:
            response = replace(response, text=self._begun[response.key] + response.text)
        self._desk.keep(response)
        self._done += 1
        self._desk.progress(self._done, self._total)


def _response(answer: Answer) -> Response:
    return Response(
        key=answer.key,
        outcome="ok" if answer.ended else "truncated",
        text=answer.text,
        tokens=answer.tokens,
    )
