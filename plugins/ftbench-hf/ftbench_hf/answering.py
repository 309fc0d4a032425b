"""Puts questions to models in batches of a token budget and keeps each answer as it is made."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from ftbench.records import Model, Request, Response
from ftbench.roles import Desk

from .asks import Ask, Encoder
from .choosing import foreign_choice
from .elsewhere import asked_elsewhere, elsewhere
from .engine import Engine
from .foreign import ForeignEngine
from .loading import Residence
from .memory import OutOfMemory, free_memory, is_out_of_memory
from .planning import planned_answering, planned_rating
from .rows import Answer
from .speakers import InBatches, Speaker, speakers

_log = logging.getLogger(__name__)


class Answering:
    """Answers requests of any number of models; those of one base together, where they can.

    ``batch_tokens`` is how many tokens are in memory at once; None is what fits. What ``foreign``
    can answer, it answers; the rest is done here.
    """

    def __init__(
        self,
        residence: Residence,
        desk: Desk,
        *,
        batch_tokens: int | None,
        engine: Engine,
        adapters: int,
        foreign: ForeignEngine | None = None,
    ) -> None:
        self._residence = residence
        self._desk = desk
        self._given = batch_tokens
        self._batch_tokens = self._most = 1 << 60
        self._engine = engine
        self._adapters = adapters
        self._foreign = foreign
        self._done = 0
        self._total = 0
        self._begun: dict[str, str] = {}

    def respond(self, requests: Sequence[Request]) -> None:
        """Check every request before the first is answered, then answer them all."""
        self._total = len(requests)
        self._begun = {request.key: request.probe.format.prefill for request in requests}
        models = {request.model.digest: request.model for request in requests}
        asked: dict[str, list[Ask]] = {digest: [] for digest in models}
        encoder = Encoder()
        for request in requests:
            reader = self._residence.reader(request.model)
            asked[request.model.digest].append(encoder.ask(reader, request))
        if self._foreign is not None:
            self._respond_elsewhere(self._foreign, list(models.values()), asked)
        left = [model for digest, model in models.items() if asked[digest]]
        here = speakers(self._residence, left, engine=self._engine, adapters=self._adapters)
        self._hear(here, models, asked)

    def _respond_elsewhere(
        self, engine: ForeignEngine, models: Sequence[Model], asked: dict[str, list[Ask]]
    ) -> None:
        """Have the prompts answered that an engine can; what is left needs the device it has."""
        known = {model.digest: model for model in models}
        prompted = [one for one in models if any(ask.prompt for ask in asked[one.digest])]
        choice = foreign_choice(self._engine)
        for group in asked_elsewhere(prompted):
            there = elsewhere(self._residence, engine, group, asks=asked, choice=choice)
            self._hear([there], known, asked)
            for one in group:
                asked[one.digest] = [ask for ask in asked[one.digest] if ask.row]
        if any(asked.values()):
            engine.close()

    def _hear(
        self,
        everyone: Iterable[AbstractContextManager[Speaker]],
        models: Mapping[str, Model],
        asked: Mapping[str, Sequence[Ask]],
    ) -> None:
        for speaking in everyone:
            if self._desk.stopping:
                return
            with speaking as speaker:
                numbers = speaker.numbers
                self._tell(speaker, models[next(iter(numbers))].family)
                self._answer(speaker, [a.to(n) for one, n in numbers.items() for a in asked[one]])

    def _tell(self, speaker: Speaker, family: str) -> None:
        """Say once how a base is answered for: what is chosen is never chosen in silence."""
        said = speaker.choice.told(family, self._engine)
        self._desk.note(said, engine=speaker.choice.engine.value, **speaker.facts)

    def _answer(self, speaker: Speaker, asked: Sequence[Ask]) -> None:
        prompts = sorted((ask for ask in asked if ask.prompt), key=lambda ask: -ask.room)
        rated = sorted((ask for ask in asked if ask.row), key=lambda ask: -ask.room)
        for some, plan in ((prompts, planned_answering), (rated, planned_rating)):
            if not some or (some is rated and not isinstance(speaker, InBatches)):
                continue
            if isinstance(speaker, InBatches):
                self._batch_tokens = min(self._given or plan(speaker.loaded), self._most)
            self._put(speaker, some)

    def _put(self, speaker: Speaker, asked: Sequence[Ask]) -> None:
        is_whole = speaker.takes_all and asked[0].prompt
        for batch in [asked] if is_whole else self._batches(asked):
            if self._desk.stopping:
                return
            self._answer_batch(speaker, batch)

    def _batches(self, asked: Sequence[Ask]) -> Iterator[Sequence[Ask]]:
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
                    f"Answering ran out of memory on {self._residence.device} with a single prompt "
                    f"of {batch[0].room} tokens, its answer included. Choose a smaller model or a "
                    "larger device; the same command then asks for the rest."
                ) from error
        free_memory()
        rest = list(missing.values())
        self._most = max(ask.room for ask in rest) * max(1, min(at_once, len(rest)) // 2)
        self._batch_tokens = self._most
        _log.warning(
            "Memory ran out with %d prompts at once; %d tokens at once from here on.",
            at_once,
            self._batch_tokens,
        )
        self._put(speaker, rest)

    def _responses(self, speaker: Speaker, batch: Sequence[Ask]) -> Iterator[Response]:
        prompts = [ask.prompt for ask in batch if ask.prompt]
        if prompts:
            return map(_response, speaker.decode(prompts, budget=self._batch_tokens))
        assert isinstance(speaker, InBatches)
        return self._rated(speaker, batch)

    def _rated(self, speaker: InBatches, batch: Sequence[Ask]) -> Iterator[Response]:
        for ask, rating in zip(batch, speaker.rate(batch), strict=True):
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
