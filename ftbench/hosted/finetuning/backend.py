"""What backends at a provider share; one of a new provider says only who its ``provider`` is."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from ftbench.digest import digest
from ftbench.errors import ProviderRefused, UsageError
from ftbench.hosted.address import Address
from ftbench.hosted.faults import Halted
from ftbench.ledger.bills import Service
from ftbench.records import Ability, FineTune, FineTuneJob, Model, Probe, Question, Request
from ftbench.roles import Backend, Desk, transport

from .asking import Asking, check_askable
from .calls import Calls, Clock
from .ordering import dated
from .orders import Known, Lifecycle
from .planning import check
from .provider import Provider, Refusal
from .training import Training


@dataclass(kw_only=True)
class HostedBackend(Backend):
    """Fine-tunes at a provider, once for each job, and asks there what came of it.

    A subclass adds the fields that its provider needs and says in ``provider`` who that is.
    Importing it must not import an SDK; ``provider`` may, and says what to install.
    """

    can: ClassVar[frozenset[Ability]] = frozenset({Ability.full, Ability.lora})
    lifecycle: ClassVar[Lifecycle]
    """What is known of the end of the provider's offer."""
    verified: ClassVar[str] = "only against a double, never against the live service"
    """What this backend was tried against."""
    key_variable: ClassVar[str] = "OPENAI_API_KEY"
    """The environment variable in which this provider's users usually keep their key."""

    base_url: str = "???"
    """The address of the API."""
    api_key_env: str | None = transport(None)
    """NAME of the variable with the key; null is the provider's usual, on this machine none."""
    temperature: float | None = 0.0
    """null leaves it to the service, for models that accept none."""
    poll_seconds: float = transport(10.0)
    """How often a job under way is looked at."""
    follow_hours: float = transport(72.0)
    """How long a job is followed before a person is asked."""
    listing_lag_seconds: float | None = transport(None)
    """How long a new job may be missing from the provider's list; null is what it declares."""
    deadline_seconds: float = transport(300.0)
    """How long faults of one call are put up with."""
    attempt_seconds: float = transport(120.0)
    """How long one attempt of a call may take."""
    concurrency: int = transport(16)
    """The most questions under way at once."""

    def __post_init__(self) -> None:
        """Time is real, unless a test has another; nobody is called yet."""
        self.clock = Clock()
        self._connected: Provider | None = None

    @abstractmethod
    def provider(self) -> Provider:
        """The thin adapter for this config; makes no call."""

    def connected(self) -> Provider:
        """The one adapter that this backend keeps until it is released."""
        if self._connected is None:
            self._connected = self.provider()
        return self._connected

    def release(self) -> None:
        """Let go of every connection; the next call opens new ones."""
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    @property
    def address(self) -> Address:
        """Where the API is, and the variable of its key. Raises UsageError."""
        given = self.api_key_env
        if given is None:
            is_here = Address(base_url=self.base_url).is_loopback
            given = "" if is_here else self.key_variable
        return Address(base_url=self.base_url, api_key_env=given)

    @property
    def multiplier(self) -> float | None:
        """The factor on the provider's own learning rate, where a subclass has such a field."""
        factor: float | None = getattr(self, "learning_rate_multiplier", None)
        return factor

    def resolve(self, model: Model) -> Model:
        """Ask the provider for a model. Raises ProviderRefused, with the day, for a retired one."""
        if Path(model.location).is_dir():
            raise UsageError(
                f"{Path(model.location).name!r} is a model on this machine; backend={self.name} "
                "asks for one by the name that its provider knows."
            )
        known = self.known(self.remote(model))
        revision = known.revision or model.revision
        return replace(
            model,
            location=known.name,
            revision=revision,
            digest=digest("hosted", self.place, known.name, revision),
        )

    def known(self, name: str) -> Known:
        """What the provider says of a model. Raises ProviderRefused."""
        try:
            return self.calls().safe(lambda: self.connected().known(name), is_known=False)
        except Refusal as no:
            raise ProviderRefused(dated(no.words), outcome=no.outcome) from None

    def remote(self, model: Model) -> str:
        """What the provider calls a base model; a subclass may have it elsewhere."""
        return model.location

    def fetched(self, job: FineTuneJob, ended: FineTune, desk: Desk) -> FineTune:
        """What is kept of a fine-tune that has ended; a subclass may fetch its weights."""
        return ended

    @property
    def place(self) -> str:
        """Stands for the service in digests: a name at another one is another model."""
        return f"{self.name} {self.base_url}"

    def service(self) -> Service:
        """Who sends the bill."""
        return Service(address=self.base_url)

    def check(
        self,
        job: FineTuneJob | None,
        *,
        chosen: Collection[str],
        questions: Sequence[Question],
        probes: Sequence[Probe],
    ) -> None:
        """Refuse what the provider does not offer, while nothing is paid yet."""
        check_askable(questions, probes)
        limits = self.connected().limits
        own = ["learning_rate_multiplier"] if self.multiplier is not None else []
        if job is not None:
            check(job, [*chosen, *own], limits, backend=self.name)

    def fine_tune(self, jobs: Sequence[FineTuneJob], desk: Desk) -> None:
        """Order each fine-tune once, or go on following what an earlier start ordered."""
        training = Training.of(self, self.connected(), desk, calls=self.calls(desk))
        for job in jobs:
            if desk.stopping:
                return
            try:
                desk.keep(self.fetched(job, training.train(job), desk))
            except Halted:
                return

    def respond(self, requests: Sequence[Request], desk: Desk) -> None:
        """Ask the models at the provider, several questions at once.

        Raises ProviderRefused where it will not make one of them answer.
        """
        asking = Asking(
            provider=self.connected(),
            desk=desk,
            calls=self.calls(desk),
            poll_seconds=self.poll_seconds,
            temperature=self.temperature,
        )
        try:
            asking.respond(requests)
        except Halted:
            return
        except Refusal as no:
            raise ProviderRefused(dated(no.words), outcome=no.outcome) from None

    def clean_up(self, desk: Desk) -> None:
        """Remove everything of ours that the provider bills as long as it is there."""
        provider, calls = self.connected(), self.calls(desk)
        for thing in calls.safe(provider.keeps):
            if thing.is_billed:
                calls.safe(lambda thing=thing: provider.remove(thing))  # type: ignore[misc]

    def calls(self, desk: Desk | None = None) -> Calls:
        """How its calls are made: through the one retry layer."""
        return Calls(
            where=self.base_url,
            deadline_seconds=self.deadline_seconds,
            clock=self.clock,
            stopping=lambda: desk is not None and desk.stopping,
        )
