"""Carries out fine-tuning jobs: examples to tokens, training, checkpoints, record."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from ftbench.errors import DataError
from ftbench.methods import Dpo
from ftbench.records import FineTune, FineTuneJob
from ftbench.roles import Desk, Rule

from .adapter_kinds import KNOWN, is_adapter
from .adapters import fresh_adapter
from .batches import Order
from .chat import EncodedRow
from .keeping import Keeping
from .loading import Loaded, Reader, Residence
from .memory import OutOfMemory, free_memory
from .planning import planned_training
from .preferences import Preferences
from .rules import RuleBook
from .shardable import check_shardable
from .sharing import can_share, gains_alone, side_by_side
from .together import Together
from .tracks import Track, Work, precision_of, tracks_of
from .trainer import Dose, NotFinite, Trainer

if TYPE_CHECKING:
    from .sharded_training import ShardedTraining


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How trainings are fitted to the machine."""

    part_tokens: int
    """The most padded tokens in one forward pass."""
    max_length: int | None
    """The most tokens of an example; None is the model's context."""
    checkpoint_seconds: int | None
    """The time between two checkpoints; None makes none."""
    together: int | None = 1
    """The most adapters that are trained side by side; None is as many as fit. With 1 nothing is
    read once for several rows, either."""
    processes: int = 1
    """How many processes a full fine-tuning is spread over."""


class FineTuning:
    """Trains jobs: what is common to several once, equal adapters side by side.

    What a job comes to depends on no other job.
    """

    def __init__(self, residence: Residence, desk: Desk, limits: Limits) -> None:
        self._residence = residence
        self._desk = desk
        self._limits = limits

    def train(self, jobs: Sequence[FineTuneJob]) -> None:
        """Check every job before the first is trained, then train them all.

        A job whose folder holds what an earlier attempt has done goes on from there. Once the user
        asks to stop, a checkpoint is made and nothing is kept.
        """
        for job in jobs:
            check_shardable(job, self._residence.device, self._limits.processes)
        rows = [self._rows(job) for job in jobs]
        doses = [self._dose(job) for job in jobs]
        works = [self._work(*each) for each in zip(jobs, rows, doses, strict=True)]
        found = tracks_of([work for work in works if work.keeping.missing])
        self._keep(
            Track(works=tuple(work for work in works if not work.keeping.missing)).finished()
        )
        if self._limits.processes > 1:
            self._keep(self._sharded().train(found))
            return
        for group in side_by_side(found):
            base = self._residence.base(group[0].leader.job.base)
            size, tokens = 1, self._limits.part_tokens
            if self._is_shared(base, group):
                method: Any = group[0].leader.job.method
                plan = planned_training(base, method, least=tokens)
                size, tokens = self._limits.together or plan.adapters, plan.tokens
            for start in range(0, len(group), max(1, size)):
                if self._desk.stopping:
                    return
                self._train_together(base, group[start : start + max(1, size)], tokens)

    def _is_shared(self, base: Loaded, group: Sequence[Track]) -> bool:
        """Whether trainings have anything that is done once for them, or for their rows."""
        if self._limits.together == 1:
            return False
        return can_share(base) if len(group) > 1 else gains_alone(base, group[0])

    def _keep(self, finetunes: Iterable[FineTune]) -> None:
        for finetune in finetunes:
            self._desk.keep(finetune)

    def _work(self, job: FineTuneJob, rows: Sequence[EncodedRow], dose: Dose) -> Work:
        folder, origin = self._desk.folder / job.key, self._origin(job, rows, dose)
        keeping = Keeping(job, folder, origin=origin)
        return Work(job=job, rows=rows, dose=dose, keeping=keeping, folder=folder, origin=origin)

    def _train(self, track: Track) -> None:
        work = track.leader
        order = Order(work.rows, batch_size=work.dose.batch_size, seed=work.dose.seed)
        checkpoints = track.checkpoints(self._limits.checkpoint_seconds)

        def keep(trainer: Trainer) -> None:
            with trainer.rules.finished(trainer):
                track.keep(trainer, trainer.loaded)

        with self._trainable(work.job) as loaded:
            track.check_space(loaded, self._limits.checkpoint_seconds)
            trainer = Trainer(loaded, work.dose, rules=RuleBook(self._rules(work)))
            try:
                trainer.train(order, self._desk, after_epoch=keep, checkpoints=checkpoints)
            except NotFinite as reason:
                self._keep(track.ended(reason))
                return
        self._keep(track.finished())

    def _sharded(self) -> ShardedTraining:
        from .sharded_training import ShardedTraining  # noqa: PLC0415, slow to import

        self._residence.leave_device()
        return ShardedTraining(
            desk=self._desk,
            processes=self._limits.processes,
            device=self._residence.device.type,
            precision=self._residence.precision,
            seconds=self._limits.checkpoint_seconds,
        )

    def _train_together(self, base: Loaded, tracks: Sequence[Track], tokens: int) -> None:
        """Train adapters side by side; where they do not fit into memory, first half of them."""
        if len(tracks) == 1 and not self._is_shared(base, tracks):
            self._train(tracks[0])
            return
        seconds = self._limits.checkpoint_seconds
        together = Together(base, tracks, self._desk, seconds=seconds, tokens=tokens)
        try:
            self._keep(together.train(lambda loaded: self._check_all(tracks, loaded)))
            return
        except OutOfMemory:
            free_memory()
        if len(tracks) == 1:
            self._train(tracks[0])
            return
        left = [one for one in tracks if any(work.keeping.missing for work in one.works)]
        middle = (len(left) + 1) // 2
        fewer = max(min(tokens, self._limits.part_tokens), tokens // 2)
        for half in (left[:middle], left[middle:]):
            if half and not self._desk.stopping:
                self._train_together(base, half, fewer)

    def _rules(self, work: Work) -> Sequence[Rule]:
        """Those of defenses, and the objective where it is not the likelihood of the answers."""
        job = work.job
        if not isinstance(job.method, Dpo):
            return job.rules
        chat, conversations = self._residence.reader(job.base).chat, job.training_set.conversations
        return (Preferences.of(job.method, chat, work.rows, conversations), *job.rules)

    def _check_all(self, tracks: Sequence[Track], loaded: Loaded) -> None:
        for track in tracks:
            track.check_space(loaded, self._limits.checkpoint_seconds)

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
            "precision": precision_of(job, exact),
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
        if rate is None or not 0 <= rate < math.inf or size is None or size < 1:
            raise DataError(
                f"Set finetune.learning_rate={rate} and finetune.batch_size={size} to numbers "
                "above 0."
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
