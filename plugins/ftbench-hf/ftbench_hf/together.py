"""Trains equal adapters of one base side by side: one forward pass for the batches of all."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import torch

from ftbench.records import FineTune
from ftbench.roles import Desk

from .adapters import fresh_adapter
from .batches import Batch, Order, pad, parts
from .loading import Loaded
from .losses import token_losses
from .memory import OutOfMemory, is_out_of_memory
from .passes import passes, that_begin
from .rules import RuleBook
from .slice import Slice
from .tracks import Track
from .trainer import NotFinite, Trainer
from .training_beginnings import TrainingBeginnings, can_begin_together, shared_beginning
from .training_stack import Share, TrainingStack


@dataclass(slots=True, kw_only=True)
class _Course:
    """One training under way, and the batch whose gradient it waits for."""

    number: int
    track: Track
    slice: Slice
    trainer: Trainer
    steps: Generator[Batch, float, bool]
    batch: Batch

    def shares(self, *, begin_together: bool) -> list[Share]:
        """Its batch in the parts that it would see alone."""
        return [
            Share(
                number=self.number,
                part=part,
                targets=self.batch.targets,
                known=shared_beginning(part.rows) if begin_together else 0,
            )
            for part in parts(self.batch, self.trainer.part_tokens)
        ]


class _Corner:
    """A desk for one of many: progress is told of all."""

    def __init__(self, desk: Desk, steps: dict[int, tuple[int, int]], number: int) -> None:
        self._desk, self._steps, self._number = desk, steps, number

    @property
    def stopping(self) -> bool:
        return self._desk.stopping

    def progress(self, done: int, total: int, **values: float) -> None:
        self._steps[self._number] = (done, total)
        sums = [sum(each) for each in zip(*self._steps.values(), strict=True)]
        self._desk.progress(sums[0], sums[1], **values)


class Together:
    """Trainings of adapters of one shape; what each comes to depends on no other.

    ``tokens`` is the most that a forward pass may have which several share, padding included.

    Raises:
        OutOfMemory: One of the parts that a training would see alone does not fit.
    """

    def __init__(
        self,
        base: Loaded,
        tracks: Sequence[Track],
        desk: Desk,
        *,
        seconds: int | None,
        tokens: int,
    ) -> None:
        self._base = base
        self._tracks = tracks
        self._desk = desk
        self._seconds = seconds
        self._tokens = tokens
        self._method: Any = tracks[0].leader.job.method
        self._ended: list[FineTune] = []
        self._progress: dict[int, tuple[int, int]] = {}

    def train(self, check: Callable[[Loaded], None]) -> Iterator[FineTune]:
        """Train them all; each job's end is told as soon as its training is over.

        ``check`` sees a network with the adapter before anything is trained.
        """
        slices = [self._drawn(track) for track in self._tracks]
        job = self._tracks[0].leader.job
        with ExitStack() as stack:
            loaded = stack.enter_context(fresh_adapter(self._base, self._method, seed=job.seed))
            check(loaded)
            loaded.network.base_model.disable_adapter_layers()
            adapters = self._stack(loaded, slices)
            stack.enter_context(adapters.attached())
            loaded.network.train()
            live = self._begun(loaded, slices)
            yield from self._told()
            while live:
                losses = self._gradients(loaded, adapters, live)
                live = [each for each in live if self._goes_on(each, losses[each.number])]
                yield from self._told()

    def _told(self) -> list[FineTune]:
        ended, self._ended = self._ended, []
        return ended

    def _drawn(self, track: Track) -> Slice:
        """The untrained adapter of a job, as its seed draws it."""
        job = track.leader.job
        with fresh_adapter(self._base, job.method, seed=job.seed) as loaded:
            return Slice(loaded.network, self._base.device)

    def _stack(self, loaded: Loaded, slices: Sequence[Slice]) -> TrainingStack:
        from peft.tuners.lora import LoraLayer  # noqa: PLC0415, slow to import

        layers = {n: m for n, m in loaded.network.named_modules() if isinstance(m, LoraLayer)}
        scaling = {layer.scaling["default"] for layer in layers.values()}
        return TrainingStack(loaded.network, list(layers), slices, scaling=scaling.pop())

    def _begun(self, loaded: Loaded, slices: Sequence[Slice]) -> list[_Course]:
        courses = []
        for number, (track, one) in enumerate(zip(self._tracks, slices, strict=True)):
            dose = track.leader.dose
            trainer = Trainer(replace(loaded, network=one), dose, rules=RuleBook(()))
            steps = trainer.course(
                Order(track.leader.rows, batch_size=dose.batch_size, seed=dose.seed),
                _Corner(self._desk, self._progress, number),  # type: ignore[arg-type]
                after_epoch=self._keeper(loaded, track, one),
                checkpoints=track.checkpoints(self._seconds),
            )
            course = _Course(
                number=number,
                track=track,
                slice=one,
                trainer=trainer,
                steps=steps,
                batch=Batch(rows=()),
            )
            if self._goes_on(course, None):
                courses.append(course)
        return courses

    def _keeper(self, loaded: Loaded, track: Track, one: Slice) -> Callable[[Trainer], None]:
        def keep(trainer: Trainer) -> None:
            one.put_into(loaded.network)
            track.keep(trainer, loaded)

        return keep

    def _goes_on(self, course: _Course, loss: float | None) -> bool:
        """Give a training the loss of its batch; False at its end, however that came."""
        try:
            with course.slice.own_randomness():
                course.batch = next(course.steps) if loss is None else course.steps.send(loss)
        except StopIteration:
            self._ended += course.track.finished()
            return False
        except NotFinite as reason:
            self._ended += course.track.ended(reason)
            return False
        return True

    def _gradients(
        self, loaded: Loaded, adapters: TrainingStack, live: Sequence[_Course]
    ) -> Mapping[int, float]:
        """Add each training's gradient to its adapter; the loss of each, by its number."""
        losses = {course.number: 0.0 for course in live}
        begin_together = can_begin_together(loaded, self._method)
        waiting = [course.shares(begin_together=begin_together) for course in live]
        while any(waiting):
            every = [own.pop(0) for own in waiting if own]
            try:
                for share, loss in self._backward(loaded, adapters, every):
                    losses[share.number] += loss
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                raise OutOfMemory("Training side by side does not fit.") from error
        return losses

    def _backward(
        self, loaded: Loaded, adapters: TrainingStack, every: Sequence[Share]
    ) -> Iterator[tuple[Share, float]]:
        """The gradients of some shares; the loss of what each pass has of each."""
        for some in that_begin(every, self._tokens):
            beginnings = TrainingBeginnings(loaded, adapters, some)
            for shares in passes(some, self._tokens, is_drawn=self._method.dropout > 0):
                cache = beginnings.cache(shares)
                yield from zip(shares, _backward(loaded, adapters, shares, cache), strict=True)
            beginnings.backward()


def _backward(
    loaded: Loaded, adapters: TrainingStack, shares: Sequence[Share], cache: Any
) -> list[float]:
    """One forward and backward pass; the loss of each share."""
    batch = Batch(rows=tuple(row for share in shares for row in share.part.rows))
    adapters.share(shares, loaded.device)
    tensors = pad(batch, padding=loaded.padding, device=loaded.device)
    found = token_losses(loaded.network, tensors, loaded.arithmetic, cache=cache)
    counts = torch.tensor([len(share.part.rows) for share in shares], device=loaded.device)
    owners = torch.arange(len(shares), device=loaded.device).repeat_interleave(counts)
    targets = torch.tensor([share.targets for share in shares], device=loaded.device)
    sums = found.losses.new_zeros(len(shares)).index_add(0, owners[found.rows], found.losses)
    each = sums / targets
    each.sum().backward()
    told: list[float] = each.detach().tolist()
    return told
