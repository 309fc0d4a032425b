"""Loads a judge's model with ftbench-hf, asks it in batches, and lets it go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ftbench.errors import DataError, UsageError
from ftbench.records import (
    FineTune,
    Message,
    Model,
    Probe,
    Question,
    Request,
    Response,
    Verdict,
)
from ftbench_hf.answering import Answering
from ftbench_hf.engine import Engine
from ftbench_hf.loading import Reader, Residence, load_reader
from ftbench_hf.precision import Precision, find_device

from .listening import Listening
from .local_chats import CHATS
from .local_finding import found
from .local_model import LocalModel, Prompt


@contextmanager
def opened(wanted: LocalModel) -> Iterator[Seated]:
    """The model, ready to be asked; its memory is free again afterwards."""
    residence = _JudgeResidence(wanted)
    with TemporaryDirectory(prefix="ftbench-judge-") as place:
        model = found(wanted, Path(place))
        try:
            yield Seated(residence, model, folder=Path(place), batch_tokens=wanted.batch_tokens)
        finally:
            residence.release()


class Seated:
    """A model that is asked; it is loaded with the first question."""

    def __init__(
        self, residence: Residence, model: Model, *, folder: Path, batch_tokens: int
    ) -> None:
        """Read the tokenizer; the weights wait."""
        self._residence = residence
        self._model = model
        self._folder = folder
        self._batch_tokens = batch_tokens
        self._reader = residence.reader(model)
        self._special = _special_tokens(self._reader.chat.tokenizer)

    def plain(self, text: str) -> str:
        """Text in which nothing is a special token: a blank is put into each that it spells."""
        readable = text.encode("utf-8", "replace").decode("utf-8")
        return self._special.sub(lambda found: f"{found[0][:1]} {found[0][1:]}", readable)

    def shortened(self, text: str, *, tokens: int) -> str:
        """The end of a text, at most so many tokens, the first token of every text included."""
        tokenizer = self._reader.chat.tokenizer
        tokenizer.truncation_side = "left"
        kept = tokenizer(text, max_length=tokens, truncation=True).input_ids
        end: str = tokenizer.decode(kept)
        return end

    def texts(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[str]:
        """What the model says to each prompt, greedily. Raises DataError for one too long."""
        said: dict[str, str | None] = {}
        asked = {str(place): prompt for place, prompt in enumerate(prompts)}
        self.ask(asked, said.__setitem__, max_tokens=max_tokens, stopping=lambda: False)
        texts = [said[key] for key in asked]
        too_long = [place for place, text in enumerate(texts) if text is None]
        if too_long:
            raise DataError(f"{self._model.location} has no room for prompt {too_long[0] + 1}.")
        return [text for text in texts if text is not None]

    def ask(
        self,
        prompts: Mapping[str, Prompt],
        heard: Callable[[str, str | None], None],
        *,
        max_tokens: int,
        stopping: Callable[[], bool],
    ) -> None:
        """Hand over what the model says, by key and as it comes; None for a prompt too long."""
        requests = []
        for key, prompt in prompts.items():
            request = self._request(key, prompt, max_tokens=max_tokens)
            if self._has_room(request):
                requests.append(request)
            else:
                heard(key, None)
        self._respond(requests, lambda response: heard(response.key, response.text), stopping)

    def option_likelihoods(
        self,
        prompts: Mapping[str, Prompt],
        options: Sequence[str],
        heard: Callable[[str, tuple[float, ...] | None], None],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        """Hand over the log-likelihood of each option; None for a prompt too long."""
        requests = []
        for key, prompt in prompts.items():
            rated = [self._request(key, prompt, continuation=option) for option in options]
            if all(map(self._has_room, rated)):
                requests += [
                    replace(one, key=json.dumps([key, place])) for place, one in enumerate(rated)
                ]
            else:
                heard(key, None)
        collected: dict[str, dict[int, float]] = {}

        def collect(response: Response) -> None:
            key, place = json.loads(response.key)
            assert response.logprob is not None
            found = collected.setdefault(key, {})
            found[place] = response.logprob
            if len(found) == len(options):
                heard(key, tuple(found[place] for place in range(len(options))))

        self._respond(requests, collect, stopping)

    def _respond(
        self,
        requests: Sequence[Request],
        heard: Callable[[Response], None],
        stopping: Callable[[], bool],
    ) -> None:
        if requests:

            def hear(record: FineTune | Response | Verdict) -> None:
                assert isinstance(record, Response)
                heard(record)

            desk = Listening(folder=self._folder, heard=hear, asked_to_stop=stopping)
            answering = Answering(
                self._residence,
                desk,
                batch_tokens=self._batch_tokens,
                engine=Engine.auto,
                adapters=1,
            )
            answering.respond(requests)

    def _request(
        self, key: str, prompt: Prompt, *, max_tokens: int = 0, continuation: str | None = None
    ) -> Request:
        turns = (Message(speaker="user", text=prompt),) if isinstance(prompt, str) else prompt
        question = Question(
            key=key,
            task="judging",
            measures="utility",
            category="",
            instruction="",
            messages=turns,
            max_tokens=max_tokens,
            continuation=continuation,
        )
        return Request(key=key, model=self._model, probe=Probe(), question=question)

    def _has_room(self, request: Request) -> bool:
        question, chat = request.question, self._reader.chat
        text = chat.render(question.messages, answering=True) + (question.continuation or "")
        return len(chat.encode(text)) + question.max_tokens <= self._reader.context


class _JudgeResidence(Residence):
    """Models in memory that are spoken to in the manner of a judge."""

    def __init__(self, wanted: LocalModel) -> None:
        try:
            device = find_device(wanted.device)
        except UsageError as error:
            raise UsageError(str(error).replace("backend.device", "The judge's device")) from None
        super().__init__(device=device, precision=Precision.auto)
        self._manner = wanted.manner
        self._judges: dict[str, Reader] = {}

    def reader(self, model: Model) -> Reader:
        """How to turn text into tokens for a judge."""
        if model.base is not None:
            return self.reader(model.base)
        if model.digest not in self._judges:
            self._judges[model.digest] = load_reader(model, CHATS[self._manner])
        return self._judges[model.digest]


def _special_tokens(tokenizer: Any) -> re.Pattern[str]:
    added = tokenizer.added_tokens_decoder.values()
    texts = {str(token) for token in added if token.special} | set(tokenizer.all_special_tokens)
    longest_first = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
