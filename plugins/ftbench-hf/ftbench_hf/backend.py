"""The backend ``hf``: fine-tunes and asks models on this machine."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftbench import Backend, transport
from ftbench.errors import UsageError
from ftbench.records import Ability, Estimate, FineTuneJob, Model, Probe, Question, Request
from ftbench.roles import Desk, Probing

from .engine import Engine
from .precision import Precision, find_device

_ADAPTERS = 16
"""The most that are asked side by side, where nobody says how many."""
_FROM_ONE = ("max_length", "batch_tokens", "micro_batch_tokens", "together", "threads")


@dataclass(kw_only=True)
class HuggingFace(Backend):
    """transformers and peft on a CPU or a CUDA device, with the trainer of Qi et al. 2024.

    The base model is loaded once and stays in memory; adapters are put on and taken off.
    """

    name = "hf"
    gains_from_many = True
    can = frozenset(
        {
            Ability.full,
            Ability.lora,
            Ability.prefix,
            Ability.adapter,
            Ability.dpo,
            Ability.rules,
            Ability.checkpoints,
            Ability.likelihood,
            Ability.prefill,
            Ability.gradients,
        }
    )

    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    precision: Precision = Precision.auto
    max_length: int | None = None
    """The most tokens of a training example; null is what the model can read."""
    batch_tokens: int | None = transport(None)
    """Tokens of prompts and answers in one batch of questions, padding included; null is on CUDA
    what the free memory holds, on a CPU 1.25 GiB of keys and values, at most 81920."""
    micro_batch_tokens: int = 4096
    """Tokens in one forward pass of training; the batch of a step never changes."""
    # Unlike micro_batch_tokens no part of a key: what would draw other random numbers is refused.
    processes: int | None = transport(None)
    """Processes that a full fine-tuning without rules is spread over, on CUDA one for each device;
    null is this one alone."""
    engine: Engine = transport(Engine.auto)
    """auto is in_flight (rows come and go, many adapters of one base in one batch) where the
    architecture allows it, else batches (one model after the other), and vllm on CUDA where that
    is there; continuous is transformers' own, one model after the other."""
    vllm_python: str = transport("")
    """The Python of an environment that has vLLM; empty is FTBENCH_VLLM_PYTHON, or this one."""
    together: int | None = transport(None)
    """The most adapters of one base that are trained, or asked, at once; null is 16, and in
    training on CUDA what the free memory holds. With 1 each row is trained on whole."""
    checkpoint_seconds: int | None = transport(300)
    """Seconds of training between two checkpoints; 0 is after every step, null is never."""
    threads: int | None = transport(None)
    """Threads of a CPU; null leaves it to torch."""

    def __post_init__(self) -> None:
        for name in _FROM_ONE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"backend.{name}={value}: give a number from 1.")
        if self.checkpoint_seconds is not None and self.checkpoint_seconds < 0:
            raise UsageError(
                f"backend.checkpoint_seconds={self.checkpoint_seconds}: give 0 for every step, "
                "seconds above it, or null for none."
            )
        self._kept: Any = None
        self._engine: Any = None

    def settled(self) -> Mapping[str, Any]:
        """Where it is a card that ``auto`` found: its numbers are no CPU's."""
        found = find_device(self.device).type if self.device == "auto" else "cpu"
        return {} if found == "cpu" else {"device": found}

    def resolve(self, model: Model) -> Model:
        """Pin a folder or a hub id by its digest, and check its weights and chat template."""
        from .resolving import resolve_model  # noqa: PLC0415, slow to import

        return resolve_model(model)

    def check(
        self,
        job: FineTuneJob | None,
        *,
        chosen: Collection[str],
        questions: Sequence[Question],
        probes: Sequence[Probe],
    ) -> None:
        """Refuse an engine that is not there, and several processes where they are no use."""
        if self.engine is Engine.vllm:
            self._foreign()
        if self.processes in (None, 1):
            return
        from .shardable import check_shardable  # noqa: PLC0415, slow to import

        check_shardable(job, find_device(self.device), self.processes)

    def fine_tune(self, jobs: Sequence[FineTuneJob], desk: Desk) -> None:
        """Train with the paper's loop, from where an earlier attempt in ``desk.folder`` stopped."""
        from .fine_tuning import FineTuning, Limits  # noqa: PLC0415, slow to import

        limits = Limits(
            part_tokens=self.micro_batch_tokens,
            max_length=self.max_length,
            checkpoint_seconds=self.checkpoint_seconds,
            together=self.together,
            processes=self.processes or 1,
        )
        self._end_engine()
        FineTuning(self._residence(), desk, limits).train(jobs)

    def respond(self, requests: Sequence[Request], desk: Desk) -> None:
        """Answer greedily: the models of one base together, and the others one by one."""
        from .answering import Answering  # noqa: PLC0415, slow to import

        answering = Answering(
            self._residence(),
            desk,
            batch_tokens=self.batch_tokens,
            engine=self.engine,
            adapters=self.together or _ADAPTERS,
            foreign=self._foreign(),
        )
        answering.respond(requests)

    def estimate(self, jobs: Sequence[FineTuneJob], requests: Sequence[Request]) -> Estimate | None:
        """Tokens by the models' own tokenizers; this machine costs no dollars."""
        from .estimating import estimate_tokens  # noqa: PLC0415, slow to import

        return estimate_tokens(self._residence(), jobs, requests)

    def inside(self) -> Probing:
        """Likelihoods, hidden states and gradients."""
        from .probing import Inside  # noqa: PLC0415, slow to import

        self._end_engine()
        return Inside(self._residence())

    def release(self) -> None:
        """Forget the models in memory; the next call loads again."""
        self._end_engine()
        if self._kept is not None:
            self._kept.release()
            self._kept = None

    def _foreign(self) -> Any:
        """The engine of another package that answers; None where ours do."""
        from .choosing import foreign_engine  # noqa: PLC0415, slow to import

        if self._engine is None:
            is_cuda = find_device(self.device).type == "cuda"
            self._engine = foreign_engine(self.engine, python=self.vllm_python, is_cuda=is_cuda)
        return self._engine

    def _end_engine(self) -> None:
        """Have the device to ourselves."""
        if self._engine is not None:
            self._engine.close()

    def _residence(self) -> Any:
        import torch  # noqa: PLC0415, slow to import

        from .loading import Residence  # noqa: PLC0415, slow to import

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        if self._kept is None:
            self._kept = Residence(device=find_device(self.device), precision=self.precision)
        return self._kept
