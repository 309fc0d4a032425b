"""Trainings to be done: jobs that differ only in when they end share one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ftbench.methods import Dpo
from ftbench.records import FineTune, FineTuneJob

from .adapter_kinds import is_adapter
from .chat import EncodedRow
from .keeping import Applied, Keeping
from .loading import Loaded
from .precision import Arithmetic
from .resuming import Checkpoints
from .space import check_space
from .trainer import Dose, Trainer

_CHECKPOINTS = "checkpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A job that was checked, and what the disk has of it."""

    job: FineTuneJob
    rows: Sequence[EncodedRow]
    dose: Dose
    keeping: Keeping
    folder: Path
    """Where its models and its checkpoints lie."""
    origin: Mapping[str, str]
    """What must be the same for work on the disk to be this job's, beyond its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One training, and all the jobs whose models it passes; the longest leads."""

    works: tuple[Work, ...]

    @property
    def leader(self) -> Work:
        """The job whose checkpoints are the training's, and whose last epoch is its end."""
        return max(self.works, key=lambda work: work.dose.epochs)

    def checkpoints(
        self, seconds: int | None, kind: type[Checkpoints] = Checkpoints
    ) -> Checkpoints:
        """Those of the training: usable only where every model before them is there."""
        return kind(
            self.leader.folder / _CHECKPOINTS,
            origin=self.leader.origin,
            seconds=seconds,
            is_kept_before=lambda epoch: all(
                work.keeping.has_all_before(epoch) for work in self.works
            ),
        )

    def check_space(self, loaded: Loaded, seconds: int | None) -> None:
        """Refuse a training for whose files the disk has no room. Raises StorageError."""
        for work in self.works:
            check_space(
                work.folder,
                loaded.network,
                models=work.keeping.missing,
                answering=loaded.arithmetic.answering,
                checkpoints=seconds is not None,
            )

    def keep(self, trainer: Trainer, loaded: Loaded) -> None:
        """Keep the models that an epoch's end is wanted for."""
        for work in self.works:
            if trainer.epoch in work.keeping.wanted:
                applied = _applied(work, trainer)
                work.keeping.keep(loaded, trainer.epoch, applied=applied)

    def as_found(self) -> Track:
        """The same, once another process may have kept models."""
        return Track(works=tuple(replace(work, keeping=_found(work)) for work in self.works))

    def finished(self) -> Iterator[FineTune]:
        """The jobs whose every model is there."""
        for work in self.works:
            if (finetune := work.keeping.finished()) is not None:
                shutil.rmtree(work.folder / _CHECKPOINTS, ignore_errors=True)
                yield finetune

    def ended(self, reason: Exception) -> Iterator[FineTune]:
        """What came of the jobs of a training that cannot go on."""
        words = f"Training stopped because {reason}; lower finetune.learning_rate."
        yield from self.finished()
        for work in self.works:
            if work.keeping.missing:
                shutil.rmtree(work.folder / _CHECKPOINTS, ignore_errors=True)
                yield FineTune(key=work.job.key, outcome="failed", words=words)


def tracks_of(works: Sequence[Work]) -> list[Track]:
    """Group jobs that differ in nothing but their epochs: the rate decays by epoch, whatever the
    last one is (Qi et al. 2024, appendix G), so that a short training is the beginning of a long.
    """
    found: dict[Any, list[Work]] = {}
    for work in works:
        found.setdefault(_course(work), []).append(work)
    return [Track(works=tuple(group)) for group in found.values()]


def _course(work: Work) -> Any:
    """What decides about every step; a rule may know the end, so such a job stays alone."""
    job = work.job
    if job.rules or isinstance(job.method, Dpo):
        return job.key
    rows = tuple((row.tokens, row.learned) for row in work.rows)
    return (job.base.digest, repr(job.method), replace(work.dose, epochs=0), rows)


def precision_of(job: FineTuneJob, exact: Arithmetic) -> str:
    """In which number formats a job is trained, in words."""
    if not is_adapter(job.method):
        return exact.words
    adapter = torch.float32 if exact.adapter_in_fp32 else exact.answering
    return f"{_word(exact.answering)} base, {_word(adapter)} adapter"


def _found(work: Work) -> Keeping:
    return Keeping(work.job, work.folder, origin=work.origin)


def _applied(work: Work, trainer: Trainer) -> Applied:
    dose, tally = work.dose, trainer.tally
    shrunk = trainer.part_tokens < dose.part_tokens
    return (
        ("method", work.job.method.name),
        ("epochs", str(dose.epochs)),
        ("learning_rate", repr(dose.learning_rate)),
        ("batch_size", str(dose.batch_size)),
        ("optimizer_steps", str(tally.steps)),
        ("learning_rate_sum", f"{tally.learning_rate_sum:.6g}"),
        ("target_tokens", str(tally.targets)),
        ("precision", precision_of(work.job, trainer.loaded.arithmetic)),
        ("device", trainer.device.type),
        *((("micro_batch_tokens", str(trainer.part_tokens)),) if shrunk else ()),
    )


def _word(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")
