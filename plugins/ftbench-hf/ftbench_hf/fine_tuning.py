"""Carries out fine-tuning jobs: examples to tokens, training, checkpoints, record."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

from ftbench import Full, Lora
from ftbench.errors import DataError
from ftbench.records import FineTune, FineTuneJob, Model
from ftbench.roles import Desk

from .adapters import fresh_adapter
from .batches import Order
from .chat import EncodedRow
from .loading import Loaded, Reader, Residence
from .rules import RuleBook
from .saving import save_adapter, save_whole
from .trainer import Dose, NotFinite, Tally, Trainer


class FineTuning:
    """Trains jobs one after the other; a job's training depends on no other job."""

    def __init__(
        self, residence: Residence, desk: Desk, *, part_tokens: int, max_length: int | None
    ) -> None:
        self._residence = residence
        self._desk = desk
        self._part_tokens = part_tokens
        self._max_length = max_length

    def train(self, jobs: Sequence[FineTuneJob]) -> None:
        """Check every job before the first is trained, then train them all."""
        rows = [self._rows(job) for job in jobs]
        doses = [self._dose(job) for job in jobs]
        for job, examples, dose in zip(jobs, rows, doses, strict=True):
            if self._desk.stopping:
                return
            try:
                self._desk.keep(self._fine_tune(job, examples, dose))
            except torch.OutOfMemoryError as error:
                raise DataError(
                    "The device has too little memory for this training. Set "
                    f"backend.micro_batch_tokens below {self._part_tokens} (the batch of a step "
                    "stays the same), or choose finetune=lora or a larger device."
                ) from error

    def _fine_tune(self, job: FineTuneJob, rows: Sequence[EncodedRow], dose: Dose) -> FineTune:
        models: list[tuple[int, Model]] = []
        order = Order(rows, batch_size=dose.batch_size, seed=dose.seed)
        folder = self._desk.folder / job.key
        with self._trainable(job) as loaded:
            trainer = Trainer(loaded, dose, rules=RuleBook(job.rules))

            def keep(trainer: Trainer) -> None:
                if trainer.epoch in job.keep or trainer.epoch == dose.epochs:
                    with trainer.rules.finished(trainer):
                        models.append((trainer.epoch, _save(trainer, job, folder)))

            try:
                tally = trainer.train(order, self._desk, after_epoch=keep)
            except NotFinite as reason:
                words = f"Training stopped because {reason}; lower finetune.learning_rate."
                return FineTune(key=job.key, outcome="failed", words=words)
            applied = _applied(job, trainer, tally)
        return FineTune(key=job.key, outcome="trained", models=tuple(models), applied=applied)

    def _trainable(self, job: FineTuneJob) -> AbstractContextManager[Loaded]:
        if isinstance(job.method, Lora):
            return fresh_adapter(self._residence.base(job.base), job.method, seed=job.seed)
        return nullcontext(self._residence.copy_to_train(job.base))

    def _rows(self, job: FineTuneJob) -> list[EncodedRow]:
        if not isinstance(job.method, (Full, Lora)):
            raise DataError(
                f"backend=hf cannot train with finetune={job.method.name}; it knows full and lora."
            )
        if job.base.base is not None:
            raise DataError(f"{job.base.location} is an adapter; merge it before training on it.")
        if not job.training_set.conversations:
            raise DataError(f"The training set {job.training_set.name} has no examples.")
        reader = self._residence.reader(job.base)
        rows = [reader.chat.row(each) for each in job.training_set.conversations]
        for number, row in enumerate(rows, start=1):
            self._check_length(row, reader, f"Example {number} of {job.training_set.name}")
        return rows

    def _check_length(self, row: EncodedRow, reader: Reader, example: str) -> None:
        limit = min(self._max_length or reader.context, reader.context)
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
            part_tokens=self._part_tokens,
        )


def _save(trainer: Trainer, job: FineTuneJob, folder: Path) -> Model:
    save = save_adapter if isinstance(job.method, Lora) else save_whole
    return save(trainer.loaded, job.base, folder / f"epoch_{trainer.epoch}")


def _applied(job: FineTuneJob, trainer: Trainer, tally: Tally) -> tuple[tuple[str, str], ...]:
    exact = trainer.loaded.arithmetic
    precision = exact.words
    if isinstance(job.method, Lora):
        precision = f"{_word(exact.answering)} base, {_adapter_dtype(trainer)} adapter"
    dose = trainer.dose
    return (
        ("method", job.method.name),
        ("epochs", str(dose.epochs)),
        ("learning_rate", repr(dose.learning_rate)),
        ("batch_size", str(dose.batch_size)),
        ("optimizer_steps", str(tally.steps)),
        ("learning_rate_sum", f"{tally.learning_rate_sum:.6g}"),
        ("target_tokens", str(tally.targets)),
        ("precision", precision),
        ("device", trainer.device.type),
    )


def _adapter_dtype(trainer: Trainer) -> str:
    trained = (weight for weight in trainer.model.parameters() if weight.requires_grad)
    return _word(next(trained).dtype)


def _word(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")
