"""Who acts in a run: a component's fields are its config, its methods are what it does."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from .inside import Probing as Probing  # noqa: PLC0414, for plugins
from .ledger.bills import Price, Service
from .records import (
    Ability,
    Estimate,
    Finding,
    FineTune,
    FineTuneJob,
    Intent,
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

    def intents(self, key: str) -> Sequence[Intent]:
        """Everything that was intended for a key, by earlier starts too; the oldest first."""
        ...

    def settle(self, token: str, answer: Mapping[str, str]) -> None:
        """Write down how an intended action ended; more, once more is known, adds to it.

        "dollars" says what it cost; 0 for what was surely not billed.
        """

    def price(self, address: str, model: str) -> Price | None:
        """What the service at an address charges for a model; None where nobody knows."""
        ...

    def reserve(self, dollars: float | None, *, token: str = "") -> str:
        """Set money aside before it is spent; returns the token under which it is settled.

        ``settle(token, {"dollars": "0.0125"})`` says what it came to; until then, also after a
        kill, all of it counts as spent. Give the ``token`` of an intent to settle both at once;
        of two sums under one token the larger counts. Raises BudgetError for None, which nobody
        can tell, and where the money is not there.
        """
        ...

    def progress(self, done: int, total: int, **values: float) -> None:
        """Tell how far the work is, with figures worth watching, such as the loss."""

    def note(self, text: str, **facts: str) -> None:
        """Tell the user, once, how the work is done, and keep it with the run; never a response.

        ``facts`` say it for programs: ``engine="in_flight"``. Both become part of the result.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a component that decides may know of the run it is part of."""

    seed: int
    model: Model
    method: str
    questions: tuple[Question, ...] = ()
    inside: Probing | None = None
    outline: bool = False  # rows may be left out or stood in for: number and recipe are wanted


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

    def service(self) -> Service | None:
        """Who may send a bill for what it asks; None for work that is done on this machine."""
        return None

    def settled(self) -> Mapping[str, Any]:
        """What fields come to that leave a choice to the machine, where that changes a result."""
        return {}


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

    is_explicitly_harmful: ClassVar[bool] = False
    """Whether its rows themselves give help with harm; a provider needs to have permitted that."""

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
    gains_from_many: ClassVar[bool] = False
    """Whether the jobs and requests of all runs of a sweep are handed over in one call."""

    @abstractmethod
    def fine_tune(self, jobs: Sequence[FineTuneJob], desk: Desk) -> None: ...

    @abstractmethod
    def respond(self, requests: Sequence[Request], desk: Desk) -> None: ...

    def resolve(self, model: Model) -> Model:
        """Find a model: fill in revision and digest, and check that it can be used as declared."""
        return model

    def check(
        self,
        job: FineTuneJob | None,
        *,
        chosen: Collection[str],
        questions: Sequence[Question],
        probes: Sequence[Probe],
    ) -> None:
        """Refuse, while planning, what it cannot do as the user wants it. Raises UsageError.

        ``chosen`` are the fields of the recipe that the user set, or method for one of its own.
        """
        return

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


class Judge(Component):
    """Gives a verdict on every response."""

    metrics: ClassVar[tuple[str, ...]] = ("harmfulness_score", "harmfulness_rate")
    grades: ClassVar[bool] = False
    """Whether it says how well open questions are answered, and nothing of harm."""

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
