"""Carries out fine-tuning jobs: examples to tokens, training, checkpoints, record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch

from ftbench.errors import DataError
from ftbench.methods import Dpo
from ftbench.records import FineTune, FineTuneJob
from ftbench.roles import Desk, Rule

from .adapter_kinds import KNOWN, is_adapter
from .adapters import fresh_adapter
from .batches import Order
from .chat import EncodedRow
from .keeping import Applied, Keeping
from .loading import Loaded, Reader, Residence
from .precision import Arithmetic
from .preferences import Preferences
from .resuming import Checkpoints
from .rules import RuleBook
from .space import check_space
from .trainer import Dose, NotFinite, Trainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How trainings are fitted to the machine."""

    part_tokens: int
    """The most padded tokens in one forward pass."""
    max_length: int | None
    """The most tokens of an example; None is the model's context."""
    checkpoint_seconds: int | None
    """The time between two checkpoints; None makes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A job that was checked, and what the disk has of it."""

    job: FineTuneJob
    rows: Sequence[EncodedRow]
    dose: Dose
    keeping: Keeping
    checkpoints: Checkpoints


class FineTuning:
    """Trains jobs one after the other; a job's training depends on no other job."""

    def __init__(self, residence: Residence, desk: Desk, limits: Limits) -> None:
        self._residence = residence
        self._desk = desk
        self._limits = limits

    def train(self, jobs: Sequence[FineTuneJob]) -> None:
        """Check every job before the first is trained, then train them all.

        A job whose folder holds what an earlier attempt has done goes on from there. Once the user
        asks to stop, a checkpoint is made and nothing is kept.
        """
        rows = [self._rows(job) for job in jobs]
        doses = [self._dose(job) for job in jobs]
        for job, examples, dose in zip(jobs, rows, doses, strict=True):
            if self._desk.stopping:
                return
            finetune = self._fine_tune(job, examples, dose)
            if finetune is None:
                return
            self._desk.keep(finetune)

    def _fine_tune(
        self, job: FineTuneJob, rows: Sequence[EncodedRow], dose: Dose
    ) -> FineTune | None:
        folder, origin = self._desk.folder / job.key, self._origin(job, rows, dose)
        keeping = Keeping(job, folder, origin=origin)
        checkpoints = Checkpoints(
            folder / "checkpoints",
            origin=origin,
            seconds=self._limits.checkpoint_seconds,
            is_kept_before=keeping.has_all_before,
        )
        work = _Work(job=job, rows=rows, dose=dose, keeping=keeping, checkpoints=checkpoints)
        finetune = keeping.finished() or self._train(work)
        if finetune is not None:
            checkpoints.remove()
        return finetune

    def _train(self, work: _Work) -> FineTune | None:
        job, keeping = work.job, work.keeping
        order = Order(work.rows, batch_size=work.dose.batch_size, seed=work.dose.seed)

        def keep(trainer: Trainer) -> None:
            if trainer.epoch in keeping.wanted:
                with trainer.rules.finished(trainer):
                    applied = _applied(job, trainer)
                    keeping.keep(trainer.loaded, trainer.epoch, applied=applied)

        with self._trainable(job) as loaded:
            self._check_space(work, loaded)
            trainer = Trainer(loaded, work.dose, rules=RuleBook(self._rules(work)))
            try:
                trainer.train(order, self._desk, after_epoch=keep, checkpoints=work.checkpoints)
            except NotFinite as reason:
                words = f"Training stopped because {reason}; lower finetune.learning_rate."
                return FineTune(key=job.key, outcome="failed", words=words)
        return keeping.finished()

    def _rules(self, work: _Work) -> Sequence[Rule]:
        """Those of defenses, and the objective where it is not the likelihood of the answers."""
        job = work.job
        if not isinstance(job.method, Dpo):
            return job.rules
        chat, conversations = self._residence.reader(job.base).chat, job.training_set.conversations
        return (Preferences.of(job.method, chat, work.rows, conversations), *job.rules)

    def _check_space(self, work: _Work, loaded: Loaded) -> None:
        check_space(
            self._desk.folder / work.job.key,
            loaded.network,
            models=work.keeping.missing,
            answering=loaded.arithmetic.answering,
            checkpoints=self._limits.checkpoint_seconds is not None,
        )

    def _origin(self, job: FineTuneJob, rows: Sequence[EncodedRow], dose: Dose) -> dict[str, str]:
        """What must be the same for work on the disk to be this job's, beyond its key."""
        exact = self._residence.arithmetic(job.base)
        rules = [type(rule).__name__ for rule in job.rules]
        told = (job.base.digest, job.method, rules, replace(dose, part_tokens=0))
        learned = [(row.tokens, row.learned) for row in rows]
        return {
            "job": job.key,
            "content": hashlib.sha256(repr((told, learned)).encode()).hexdigest(),
            "device": exact.device.type,
            "precision": _precision(job, exact),
        }

    def _trainable(self, job: FineTuneJob) -> AbstractContextManager[Loaded]:
        if is_adapter(job.method):
            return fresh_adapter(self._residence.base(job.base), job.method, seed=job.seed)
        # Some architectures have dropout of their own.
        torch.manual_seed(job.seed)
        return nullcontext(self._residence.copy_to_train(job.base))

    def _rows(self, job: FineTuneJob) -> list[EncodedRow]:
        if not isinstance(job.method, KNOWN):
            raise DataError(f"backend=hf does not know finetune={job.method.name}.")
        if job.base.base is not None:
            raise DataError(f"{job.base.location} is an adapter; merge it before training on it.")
        if not job.training_set.conversations:
            raise DataError(f"The training set {job.training_set.name} has no examples.")
        reader = self._residence.reader(job.base)
        last_only = isinstance(job.method, Dpo)
        conversations = job.training_set.conversations
        rows = [reader.chat.row(each, last_only=last_only) for each in conversations]
        for number, row in enumerate(rows, start=1):
            self._check_length(row, reader, f"Example {number} of {job.training_set.name}")
        return rows

    def _check_length(self, row: EncodedRow, reader: Reader, example: str) -> None:
        limit = min(self._limits.max_length or reader.context, reader.context)
        if len(row.tokens) > limit:
            where = f"{example} ({row.origin})" if row.origin else example
            raise DataError(
                f"{where} has {len(row.tokens)} tokens, more than the {limit} allowed. Shorten it: "
                "cutting it off would also cut off the token that ends the answer."
            )

    def _dose(self, job: FineTuneJob) -> Dose:
        recipe = job.method.recipe
        rate = recipe.learning_rate if job.learning_rate is None else job.learning_rate
        size = recipe.batch_size if job.batch_size is None else job.batch_size
        if rate is None or size is None or size < 1:
            raise DataError(
                "Set finetune.learning_rate and finetune.batch_size to numbers above 0."
            )
        if job.epochs < 1 or job.epochs != int(job.epochs):
            raise DataError(f"finetune.epochs={job.epochs}: give a whole number from 1.")
        return Dose(
            epochs=int(job.epochs),
            learning_rate=rate,
            batch_size=size,
            seed=job.seed,
            part_tokens=self._limits.part_tokens,
        )


def _applied(job: FineTuneJob, trainer: Trainer) -> Applied:
    dose, tally = trainer.dose, trainer.tally
    shrunk = trainer.part_tokens < dose.part_tokens
    return (
        ("method", job.method.name),
        ("epochs", str(dose.epochs)),
        ("learning_rate", repr(dose.learning_rate)),
        ("batch_size", str(dose.batch_size)),
        ("optimizer_steps", str(tally.steps)),
        ("learning_rate_sum", f"{tally.learning_rate_sum:.6g}"),
        ("target_tokens", str(tally.targets)),
        ("precision", _precision(job, trainer.loaded.arithmetic)),
        ("device", trainer.device.type),
        *((("micro_batch_tokens", str(trainer.part_tokens)),) if shrunk else ()),
    )


def _precision(job: FineTuneJob, exact: Arithmetic) -> str:
    if not is_adapter(job.method):
        return exact.words
    adapter = torch.float32 if exact.adapter_in_fp32 else exact.answering
    return f"{_word(exact.answering)} base, {_word(adapter)} adapter"


def _word(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")
