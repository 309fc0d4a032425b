"""The backend ``together``: LoRA at Together AI, whose weights come here and answer here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ftbench import transport
from ftbench.errors import UsageError
from ftbench.hosted.finetuning import HostedBackend, Lifecycle, check
from ftbench.records import Ability, FineTune, FineTuneJob, Model, Probe, Question, Request
from ftbench.roles import Backend, Desk, Probing

if TYPE_CHECKING:
    from .together_provider import TogetherProvider


@dataclass(kw_only=True)
class Together(HostedBackend):
    """Supervised fine-tuning of adapters at Together AI, asked on this machine.

    ``model`` is the base as it lies on this machine or the hub, since it answers here, and
    ``backend.trains`` is what Together calls the same weights.
    """

    name = "together"
    can = frozenset({Ability.lora, Ability.checkpoints, Ability.likelihood, Ability.prefill})
    key_variable = "TOGETHER_API_KEY"
    lifecycle = Lifecycle(
        read_on="2026-11-24",
        source="https://docs.together.ai/docs/fine-tuning-overview and together 3.1.1",
        notes=(
            "Adapters answer at Together from dedicated endpoints only, billed by the minute.",
            "Without packing, a row is billed at the longest length that is trained.",
        ),
    )

    base_url: str = "https://api.together.xyz"
    """The address of the API, without a path."""
    trains: str | None = None
    """What Together calls the base model; null is the name of the model."""
    packing: bool = False
    """Whether several rows may share a sequence: cheaper, and the batch counts sequences then."""
    max_length: int | None = None
    """The most tokens of a row; null is what Together has for the model. Short is cheap."""
    device: str = transport("auto")
    """What the weights answer on here: auto, cpu, cuda or cuda:1."""
    precision: str = "auto"
    """The numbers with which they answer here, as backend=hf has them."""

    def __post_init__(self) -> None:
        """Nothing is loaded yet."""
        super().__post_init__()
        self._here: Backend | None = None

    def provider(self) -> "TogetherProvider":
        """The adapter; needs the extra ``together``."""
        from .together_provider import TogetherProvider  # noqa: PLC0415, slow to import

        return TogetherProvider(
            address=self.address,
            attempt_seconds=self.attempt_seconds,
            packing=self.packing,
            max_length=self.max_length,
        )

    def here(self) -> Backend:
        """Who asks the weights on this machine. Raises UsageError where it is not installed."""
        if self._here is None:
            try:
                from ftbench_hf.backend import HuggingFace  # noqa: PLC0415, slow to import
                from ftbench_hf.precision import Precision  # noqa: PLC0415
            except ImportError as missing:
                raise UsageError(
                    f"backend=together asks the weights on this machine ({missing.name} is "
                    "missing). Install it: pip install 'ftbench-hosted[together]'"
                ) from missing
            known = Precision.__members__
            if self.precision not in known:
                raise UsageError(f"backend.precision is one of: {', '.join(known)}.")
            self._here = HuggingFace(device=self.device, precision=known[self.precision])
        return self._here

    def remote(self, model: Model) -> str:
        """What Together calls a base model."""
        return self.trains or model.location

    def resolve(self, model: Model) -> Model:
        """Pin the weights that lie here; which of them Together trains is asked in ``check``."""
        return self.here().resolve(model)

    def check(
        self,
        job: FineTuneJob | None,
        *,
        chosen: Collection[str],
        questions: Sequence[Question],
        probes: Sequence[Probe],
    ) -> None:
        """Every question can be asked, since the weights are here; Together must know the base."""
        if job is not None:
            self.known(self.remote(job.base))
            check(job, chosen, self.connected().limits, backend=self.name)

    def fetched(self, job: FineTuneJob, ended: FineTune, desk: Desk) -> FineTune:
        """The fine-tune with its adapters on this machine."""
        from .together_weights import Weights  # noqa: PLC0415, slow to import

        provider = cast("TogetherProvider", self.connected())
        weights = Weights(provider=provider, calls=self.calls(desk), folder=desk.folder / job.key)
        return weights.of(job, ended)

    def respond(self, requests: Sequence[Request], desk: Desk) -> None:
        """Ask the weights here."""
        self.here().respond(requests, desk)

    def inside(self) -> Probing | None:
        """Likelihoods and hidden states of the weights here."""
        return self.here().inside()

    def release(self) -> None:
        """Let go of the connection, and of the weights in memory."""
        super().release()
        if self._here is not None:
            self._here.release()
