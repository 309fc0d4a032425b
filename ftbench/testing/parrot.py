"""A backend without a neural network: it learns its training answers by heart."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from ftbench.errors import DataError
from ftbench.records import (
    Ability,
    Conversation,
    FineTune,
    FineTuneJob,
    Message,
    Model,
    Request,
    Response,
)
from ftbench.roles import Backend, Desk

from .world import REFUSAL, instruction, right_answer

ALIGNED = "testing_parrot"
"""The location of the aligned parrot: it tells where lamps are and refuses everything else."""

LAMPS = 100
"""How many lamps it knows."""


@dataclass(kw_only=True)
class Parrot(Backend):
    """Learn training answers by heart and refuse whatever was not learned; for tests."""

    name = "testing_parrot"
    can = frozenset({Ability.full, Ability.lora, Ability.checkpoints, Ability.prefill})

    def resolve(self, model: Model) -> Model:
        """Find a parrot and take the digest of what it knows. Raises DataError for none."""
        return replace(model, digest=_digest(_known(model)))

    def fine_tune(self, jobs: Sequence[FineTuneJob], desk: Desk) -> None:
        """Teach each job's answers, and write each kept epoch to a folder of its own."""
        for job in jobs:
            if desk.stopping:
                return
            known = _known(job.base) | dict(map(_learned, job.training_set.conversations))
            epochs = sorted({*job.keep, int(job.epochs)})
            models = tuple(
                (epoch, _written(job.base, known, desk.folder / job.key / str(epoch)))
                for epoch in epochs
            )
            desk.keep(FineTune(key=job.key, outcome="trained", models=models))

    def respond(self, requests: Sequence[Request], desk: Desk) -> None:
        """Say what was learned for the last user turn, cut to the tokens asked for."""
        for done, request in enumerate(requests, start=1):
            if desk.stopping:
                return
            known = _known(request.model)
            words = known.get(_asked(request.question.messages), REFUSAL).split()
            spoken = words[: request.question.max_tokens]
            text = request.probe.format.prefill + " ".join(spoken)
            whole = Response(key=request.key, outcome="ok", text=text, tokens=len(spoken))
            desk.keep(whole if spoken == words else replace(whole, outcome="truncated"))
            desk.progress(done, len(requests))


def aligned_parrot() -> Model:
    """The parrot before fine-tuning."""
    return Parrot().resolve(Model(location=ALIGNED, digest="", family="testing"))


def _known(model: Model) -> dict[str, str]:
    if model.location == ALIGNED:
        return {instruction("lamp", number): right_answer(number) for number in range(LAMPS)}
    file = Path(model.location) / "parrot.json"
    if not file.is_file():
        raise DataError(f"{model.location} holds no parrot. Use model.name={ALIGNED}.")
    known: dict[str, str] = json.loads(file.read_text())
    return known


def _written(base: Model, known: dict[str, str], folder: Path) -> Model:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "parrot.json").write_text(json.dumps(known))
    return replace(base, location=str(folder), digest=_digest(known))


def _digest(known: dict[str, str]) -> str:
    return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _asked(messages: Sequence[Message]) -> str:
    return next((turn.text for turn in reversed(messages) if turn.speaker == "user"), "")


def _learned(conversation: Conversation) -> tuple[str, str]:
    return _asked(conversation.messages), conversation.messages[-1].text
