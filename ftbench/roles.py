"""Who acts in a run: a component's fields are its config, its methods are what it does."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from .records import (
    Ability,
    Conversation,
    Estimate,
    Finding,
    FineTune,
    FineTuneJob,
    Message,
    Model,
    Probe,
    Question,
    Recipe,
    Request,
    Response,
    TrainingSet,
    Verdict,
)


def transport(default: Any) -> Any:
    """Mark a field that cannot change a result, such as a batch size: it is no part of any key."""
    return field(default=default, metadata={"transport": True})


class Desk(Protocol):
    """What the core lends to who acts: the only door to disk, ledger, money and progress."""

    folder: Path
    """A private folder for what the component makes, kept with the run."""

    @property
    def stopping(self) -> bool:
        """True once the user asked to stop: finish what is in hand and return."""
        ...

    def keep(self, record: FineTune | Response | Verdict) -> None:
        """Record one finished unit of work; durable when it returns; safe from any thread."""

    def intend(self, key: str, action: str) -> str:
        """Write down that something that costs money is about to be done; returns its token."""
        ...

    def settle(self, token: str, answer: Mapping[str, str]) -> None:
        """Write down how an intended action ended."""

    def reserve(self, dollars: float) -> None:
        """Set money aside before it is spent. Raises BudgetError where it is not there."""

    def progress(self, done: int, total: int, **values: float) -> None:
        """Tell how far the work is, with figures worth watching, such as the loss."""


class Probing(Protocol):
    """A look inside a model, for components that need more than its answers."""

    def likelihoods(self, model: Model, conversations: Sequence[Conversation]) -> Sequence[float]:
        """The mean log-likelihood per token of each last assistant turn."""
        ...

    def features(
        self,
        model: Model,
        conversations: Sequence[Conversation],
        *,
        kind: Literal["representation", "gradient"],
    ) -> Sequence[Sequence[float]]:
        """One vector per conversation."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a component that decides may know of the run it is part of."""

    seed: int
    model: Model
    method: str
    questions: tuple[Question, ...] = ()
    inside: Probing | None = None


class Rule(Protocol):
    """A defense's hand in the training loop; ``trainer`` is the backend's own."""

    def begin(self, trainer: Any) -> None: ...
    def batches(self, trainer: Any, own: Iterable[Any]) -> Iterable[Any]: ...
    def backward(self, trainer: Any, batch: Any) -> float: ...
    def after_step(self, trainer: Any) -> None: ...
    def finish(self, trainer: Any) -> None: ...


@dataclass(kw_only=True)
class Component(ABC):
    """Anything a plugin offers under a name."""

    name: ClassVar[str]
    needs: ClassVar[frozenset[Ability]] = frozenset()


class Method(Component):
    """Says which weights are trained; its fields are its settings."""

    recipe: ClassVar[Recipe] = Recipe()
    """What holds where neither the user nor the training set says anything."""


class Dataset(Component):
    """Brings what an honest user fine-tunes on."""

    @abstractmethod
    def load(self, scene: Scene) -> TrainingSet: ...


class Attack(Component):
    """Turns an honest training set into a harmful one."""

    @abstractmethod
    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet: ...


class Defense(Component):
    """Hardens the model, changes the training, or changes how the model is asked."""

    def harden(self, scene: Scene) -> FineTuneJob | None:
        """A training of the aligned model before the user's; None for no change."""
        return None

    def protect(self, job: FineTuneJob, scene: Scene) -> FineTuneJob:
        """The user's training, made safer."""
        return job

    def ask(self, probe: Probe, scene: Scene) -> Probe:
        """The way the trained model is asked, made safer."""
        return probe


class Audit(Component):
    """Looks at a training set before anybody trains on it."""

    @abstractmethod
    def inspect(self, training_set: TrainingSet, scene: Scene) -> Sequence[Finding]: ...


class Backend(Component):
    """Trains models and lets them answer; results go through ``desk.keep`` as they are made."""

    can: ClassVar[frozenset[Ability]] = frozenset({Ability.full, Ability.lora})

    @abstractmethod
    def fine_tune(self, jobs: Sequence[FineTuneJob], desk: Desk) -> None: ...

    @abstractmethod
    def respond(self, requests: Sequence[Request], desk: Desk) -> None: ...

    def resolve(self, model: Model) -> Model:
        """Find a model: fill in revision and digest, and check that it can be used as declared."""
        return model

    def estimate(self, jobs: Sequence[FineTuneJob], requests: Sequence[Request]) -> Estimate | None:
        """What the work will take, before any is done."""
        return None

    def inside(self) -> Probing | None:
        """A look inside the model, where the backend can give one."""
        return None

    def release(self) -> None:
        """Free the device, because somebody else needs it."""
        return

    def clean_up(self, desk: Desk) -> None:
        """Remove what keeps costing money."""
        return


class OneByOne(Backend):
    """The two short methods of a small backend: train one model, answer one prompt."""

    @abstractmethod
    def train(self, job: FineTuneJob, folder: Path) -> Model: ...

    @abstractmethod
    def answer(
        self, model: Model, messages: Sequence[Message], *, max_tokens: int, stop: Sequence[str]
    ) -> str: ...

    def fine_tune(self, jobs: Sequence[FineTuneJob], desk: Desk) -> None:
        """Train each job by itself."""
        for job in jobs:
            if desk.stopping:
                return
            trained = self.train(job, desk.folder / job.key)
            models = ((int(job.epochs), trained),)
            desk.keep(FineTune(key=job.key, outcome="trained", models=models))

    def respond(self, requests: Sequence[Request], desk: Desk) -> None:
        """Ask each request by itself."""
        for done, request in enumerate(requests, start=1):
            if desk.stopping:
                return
            question = request.question
            text = self.answer(
                request.model,
                question.messages,
                max_tokens=question.max_tokens,
                stop=question.stop,
            )
            desk.keep(Response(key=request.key, outcome="ok", text=text))
            desk.progress(done, len(requests))


class Judge(Component):
    """Gives a verdict on every response."""

    metrics: ClassVar[tuple[str, ...]] = ("harmfulness_score", "harmfulness_rate")

    @abstractmethod
    def judge(self, answers: Sequence[tuple[Question, Response]], desk: Desk) -> None: ...


class Publisher(Component):
    """Sends the public part of a finished run somewhere, and says where."""

    @abstractmethod
    def publish(self, public: Path) -> str: ...


ROLES: dict[str, type[Component]] = {
    "dataset": Dataset,
    "attack": Attack,
    "defense": Defense,
    "audit": Audit,
    "method": Method,
    "backend": Backend,
    "judge": Judge,
    "publisher": Publisher,
}
"""What plugins offer, and what each offer must be."""
