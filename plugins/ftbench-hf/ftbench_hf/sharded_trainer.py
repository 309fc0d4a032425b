"""The trainer of one of several processes: its rows of each batch, and what all agree on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.distributed as dist

from .batches import Batch, Order, parts
from .loading import Loaded
from .memory import OutOfMemory, is_out_of_memory
from .resuming import Checkpoints, Resumed
from .rules import RuleBook
from .trainer import Dose, Trainer
from .training_state import read_state, state_tensors


class TooLarge(Exception):
    """A forward pass did not fit, and smaller ones have not been tried."""

    def __init__(self, part_tokens: int) -> None:
        """``part_tokens`` is what to try next."""
        super().__init__(part_tokens)
        self.part_tokens = part_tokens


def is_first() -> bool:
    """Whether this is the process that speaks and writes for all."""
    return dist.get_rank() == 0


class ShardedDesk:
    """What a trainer needs of a desk: the first process tells, and hears that all are to stop."""

    def __init__(self, told: Callable[..., None], asked_to_stop: Callable[[], bool]) -> None:
        self._told = told
        self._asked_to_stop = asked_to_stop
        self.stopping = False

    def progress(self, done: int, total: int, **values: float) -> None:
        """Tell how far the training is."""
        if is_first():
            self._told(done=done, total=total, values=values)

    def agree(self, loss: float) -> float:
        """The sum of what each process has of a loss; all learn at once whether to stop."""
        told = torch.tensor([loss, float(self._asked_to_stop())], dtype=torch.float64)
        dist.all_reduce(told)
        self.stopping = bool(told[1])
        return float(told[0])


class ShardedTrainer(Trainer):
    """Takes the same steps as ``Trainer``, to rounding: a process adds the gradient of its rows.

    The loss of a step is the mean over the learned tokens of the whole batch, wherever they are.
    """

    def __init__(self, loaded: Loaded, dose: Dose, *, desk: ShardedDesk, part_tokens: int) -> None:
        """``part_tokens`` is less than the dose's after memory ran out."""
        super().__init__(loaded, dose, rules=RuleBook(()))
        self.part_tokens = part_tokens
        self._desk = desk

    def backward(self, batch: Batch) -> float:
        """Add the gradient of one's own rows, in as many passes as the others need.

        Every pass is one of all processes, so that whoever has no rows left repeats the shortest
        row of the batch for nothing.
        """
        count = dist.get_world_size()
        passes = [parts(share, self.part_tokens) for share in shares(batch, count) if share.rows]
        own = passes[dist.get_rank()] if dist.get_rank() < len(passes) else []
        idle = Batch(rows=(min(batch.rows, key=lambda row: len(row.tokens)),))
        total = torch.zeros((), device=self.device)
        for number in range(max(map(len, passes))):
            is_own = number < len(own)
            loss = self.token_losses(own[number] if is_own else idle).sum() / batch.targets
            # FSDP takes the mean over the processes, and what is wanted is the sum.
            (loss * (count if is_own else 0)).backward()
            total += loss.detach() if is_own else 0
        return self._desk.agree(float(total))

    def _gradient(self, batch: Batch) -> float:
        """The others wait for a pass that did not fit: it is not tried again, all begin anew."""
        try:
            return self.backward(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            own = shares(batch, dist.get_world_size())[dist.get_rank()]
            if not own.rows or not self._shrink(own):
                raise OutOfMemory(self._too_little(batch)) from error
            raise TooLarge(self.part_tokens) from error


def shares(batch: Batch, count: int) -> Sequence[Batch]:
    """The rows of each process; rows of like length are computed at the same time."""
    rows = sorted(batch.rows, key=lambda row: -len(row.tokens))
    return [Batch(rows=tuple(rows[rank::count])) for rank in range(count)]


class ShardedCheckpoints(Checkpoints):
    """The first process decides, reads and writes; each of the others gives or takes its share.

    What is written is what one process writes, so that any number of them can go on from it, and
    it is no pickle, as the files of torch's own distributed checkpoints are.
    """

    def save(self, trainer: Trainer, order: Order) -> None:
        """Save the training, unless it is saved already."""
        if is_first():
            super().save(trainer, order)
        elif trainer.step != self._saved_step and self._seconds is not None:
            for _ in state_tensors(trainer):
                """Each is whole in the first process by now."""
            self._saved_step = trainer.step

    def _is_time(self, since: float) -> bool:
        told = [super()._is_time(since) if is_first() else False]
        dist.broadcast_object_list(told, device=torch.device("cpu"))
        return told[0]

    def _newest_usable(self, trainer: Trainer) -> Resumed | None:
        found = super()._newest_usable(trainer) if is_first() else None
        told = [found and (found.place, found.facts)]
        dist.broadcast_object_list(told, device=torch.device("cpu"))
        if found is not None or told[0] is None:
            return found
        place, facts = told[0]
        return Resumed(place, read_state(trainer, place, facts), facts)
