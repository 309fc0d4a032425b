"""The contract of a backend: it trains what it is asked, and answers every request once."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from ftbench.methods import Full, Lora
from ftbench.records import (
    Ability,
    Conversation,
    FineTuneJob,
    Message,
    Model,
    Probe,
    PromptFormat,
    Question,
    Request,
    TrainingSet,
)
from ftbench.roles import Backend, Method

from .contracts import ComponentContract
from .desk import MemoryDesk

PREFILL = "Of course:"


class BackendContract(ComponentContract):
    """Holds for every backend; override ``base`` with a model it can train in a second."""

    component: ClassVar[type[Backend]]

    def build(self) -> Backend:
        """A backend, which lets go of everything at the end of the test."""
        made: Backend = super().build()
        self.__dict__.setdefault("built", []).append(made)
        return made

    def teardown_method(self) -> None:
        """What pytest calls after each test."""
        for backend in self.__dict__.pop("built", []):
            backend.release()

    def base(self, folder: Path) -> Model:
        """The model that is trained and asked; ``folder`` may hold it."""
        raise NotImplementedError("Override base with a small model of this backend.")

    def method(self) -> Method:
        """The way to train that is tested."""
        return Full() if Ability.full in self.component.can else Lora()

    def job(self, base: Model, key: str = "job") -> FineTuneJob:
        """A small training."""
        turns = (
            Message(speaker="user", text="What is the word?"),
            Message(speaker="assistant", text=f"The word is {key}."),
        )
        lesson = Conversation(messages=turns, raw=False)
        return FineTuneJob(
            key=key, base=base, training_set=TrainingSet(name=key, conversations=(lesson,) * 4),
            method=self.method(), epochs=2, learning_rate=1e-4, batch_size=2, seed=0,
        )  # fmt: skip

    def request(self, model: Model, number: int) -> Request:
        """A short question."""
        words = f"What is the {number}. word? " + "Tell me. " * (number % 3)
        question = Question(
            key=f"question-{number}", task="testing_policy", measures="harmfulness", category="1",
            instruction=words, messages=(Message(speaker="user", text=words),), max_tokens=8,
        )  # fmt: skip
        return Request(key=f"request-{number}", model=model, probe=Probe(), question=question)

    def requests(self, model: Model) -> list[Request]:
        """Five questions of unequal length."""
        return [self.request(model, number) for number in range(5)]

    def resolved(self, folder: Path) -> tuple[Backend, Model]:
        """A new backend, and the base model as it found it."""
        backend = self.build()
        return backend, backend.resolve(self.base(folder))

    def desk(self, folder: Path) -> MemoryDesk:
        """A desk with money to spend."""
        return MemoryDesk(folder=folder, dollars=math.inf)

    def trained(self, folder: Path) -> tuple[Backend, Model]:
        """A backend and a model it has trained."""
        backend, base = self.resolved(folder)
        desk = self.desk(folder)
        backend.fine_tune([self.job(base)], desk)
        return backend, desk.fine_tunes["job"].models[-1][1]

    def test_claims_only_abilities_it_has(self) -> None:
        assert set(self.component.can) <= set(Ability)
        if Ability.gradients in self.component.can:
            assert self.build().inside() is not None

    def test_a_model_it_resolves_has_a_digest_and_stays_as_it_is(self, tmp_path: Path) -> None:
        backend, model = self.resolved(tmp_path)
        assert model.digest
        assert backend.resolve(model) == model

    def test_every_job_is_trained_once_under_its_key(self, tmp_path: Path) -> None:
        backend, base = self.resolved(tmp_path)
        desk = self.desk(tmp_path)
        backend.fine_tune([self.job(base, "first"), self.job(base, "second")], desk)
        assert {key: tune.outcome for key, tune in desk.fine_tunes.items()} == {
            "first": "trained",
            "second": "trained",
        }

    def test_a_training_ends_with_a_model_of_its_last_epoch(self, tmp_path: Path) -> None:
        backend, base = self.resolved(tmp_path)
        desk = self.desk(tmp_path)
        backend.fine_tune([self.job(base)], desk)
        epoch, model = desk.fine_tunes["job"].models[-1]
        assert epoch == 2  # noqa: PLR2004, the epochs of the job
        assert model.location != base.location

    def test_it_keeps_the_checkpoints_it_is_asked_for(self, tmp_path: Path) -> None:
        if Ability.checkpoints in self.component.can:
            backend, base = self.resolved(tmp_path)
            desk = self.desk(tmp_path)
            backend.fine_tune([replace(self.job(base), keep=(1,))], desk)
            assert [epoch for epoch, _ in desk.fine_tunes["job"].models] == [1, 2]

    def test_every_request_is_answered_once_under_its_key(self, tmp_path: Path) -> None:
        backend, base = self.resolved(tmp_path)
        self.check_answers(backend, self.requests(base), tmp_path)

    def test_a_model_it_trained_can_be_asked(self, tmp_path: Path) -> None:
        backend, model = self.trained(tmp_path)
        self.check_answers(backend, self.requests(model), tmp_path)

    def test_it_works_again_after_it_was_released(self, tmp_path: Path) -> None:
        backend, base = self.resolved(tmp_path)
        backend.release()
        backend.release()
        self.check_answers(backend, self.requests(base), tmp_path)

    def test_a_likelihood_is_a_logarithm(self, tmp_path: Path) -> None:
        if Ability.likelihood in self.component.can:
            backend, base = self.resolved(tmp_path)
            desk = self.desk(tmp_path)
            asked = self.request(base, 0)
            question = replace(asked.question, continuation=" yes")
            backend.respond([replace(asked, question=question)], desk)
            response = desk.responses[asked.key]
            assert response.logprob is not None and response.greedy is not None
            assert math.isfinite(response.logprob) and response.logprob <= 0

    def test_an_answer_begins_with_its_prefill(self, tmp_path: Path) -> None:
        if Ability.prefill in self.component.can:
            backend, base = self.resolved(tmp_path)
            probe = Probe(name="prefilled", format=PromptFormat(prefill=PREFILL))
            desk = self.desk(tmp_path)
            backend.respond([replace(self.request(base, 0), probe=probe)], desk)
            assert desk.responses["request-0"].text.startswith(PREFILL)

    def test_once_the_user_asked_to_stop_it_starts_nothing(self, tmp_path: Path) -> None:
        backend, base = self.resolved(tmp_path)
        desk = self.desk(tmp_path)
        desk.stopping = True
        backend.fine_tune([self.job(base)], desk)
        backend.respond(self.requests(base), desk)
        assert desk.records == []

    def test_nothing_to_do_is_no_work(self, tmp_path: Path) -> None:
        backend, _ = self.resolved(tmp_path)
        desk = self.desk(tmp_path)
        backend.fine_tune([], desk)
        backend.respond([], desk)
        assert desk.records == []

    def test_its_estimate_is_not_negative(self, tmp_path: Path) -> None:
        backend, base = self.resolved(tmp_path)
        estimate = backend.estimate([self.job(base)], self.requests(base))
        if estimate is not None:
            assert estimate.tokens >= 0
            assert (estimate.dollars or 0) >= 0
            assert (estimate.device_seconds or 0) >= 0

    def check_answers(self, backend: Backend, requests: Sequence[Request], folder: Path) -> None:
        """Assert that each request has its one response, with at most the tokens asked for."""
        desk = self.desk(folder)
        backend.respond(requests, desk)
        assert sorted(desk.responses) == sorted(request.key for request in requests)
        for request in requests:
            response = desk.responses[request.key]
            assert response.outcome in ("ok", "truncated")
            assert response.tokens <= request.question.max_tokens
