"""The training loop of Qi et al. 2024: short, without warm-up, clipping or anything hidden."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from ftbench.records import Conversation, Model
from ftbench.roles import Desk

from .batches import Batch, Order, pad, parts
from .loading import Loaded
from .losses import token_losses
from .memory import (
    OutOfMemory,
    enough_memory,
    free_memory,
    in_words,
    is_out_of_memory,
    training_bytes,
)
from .other_weights import weights_of
from .packed import packed
from .resuming import Checkpoints
from .rules import RuleBook

_DECAY = 0.85
"""Of the learning rate, after each epoch."""

_log = logging.getLogger(__name__)


class NotFinite(Exception):
    """The loss became infinite or no number; the message says at which step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """How much is trained."""

    epochs: int
    learning_rate: float
    batch_size: int
    seed: int
    part_tokens: int
    """The most padded tokens in one forward pass; a step may need several."""


@dataclass(slots=True)
class Tally:
    """What was done, for the record."""

    steps: int = 0
    learning_rate_sum: float = 0.0
    targets: int = 0


class Trainer:
    """A training under way, as a defense's rule sees it.

    ``model`` is the network whose parameters with ``requires_grad`` are trained, ``optimizer`` is
    torch's, ``epoch`` and ``step`` count from 1 while a step is made; ``done`` is how many steps
    of the epoch are over; ``dose`` says how much is trained, ``examples`` are all rows of it.
    """

    def __init__(self, loaded: Loaded, dose: Dose, *, rules: RuleBook) -> None:
        self.loaded = loaded
        self.model: Any = loaded.network
        self.dose = dose
        self.rules = rules
        self.epoch = 0
        self.step = 0
        self.done = 0
        self.part_tokens = dose.part_tokens
        self.tally = Tally()
        self.examples = Batch(rows=())
        trained = [weight for weight in self.model.parameters() if weight.requires_grad]
        # foreach would hold a second copy of all weights for the length of a step.
        self.optimizer = torch.optim.AdamW(
            trained, lr=dose.learning_rate, weight_decay=0.0, foreach=False
        )

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.loaded.device

    def batch(self, conversations: Sequence[Conversation]) -> Batch:
        """Conversations of a rule's own as a batch."""
        return Batch(rows=tuple(self.loaded.chat.row(each) for each in conversations))

    def parts(self, batch: Batch) -> list[Batch]:
        """A batch cut into what one forward pass may see."""
        return parts(batch, self.part_tokens)

    def weights_of(self, model: Model) -> dict[str, torch.Tensor]:
        """The weights of another model by name, on the CPU, such as those before alignment."""
        return weights_of(model)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The mean loss over the learned tokens of a batch, in one pass, for autograd."""
        return self.token_losses(batch).mean()

    def token_losses(self, batch: Batch) -> torch.Tensor:
        """The loss of every learned token of a batch, row by row: [batch.targets]."""
        tensors = pad(batch, padding=self.loaded.padding, device=self.device)
        return token_losses(self.model, tensors, self.loaded.arithmetic).losses

    def backward(self, batch: Batch) -> float:
        """Add the gradient of ``loss(batch)``, part by part; returns the loss."""
        total = torch.zeros((), device=self.device)
        for part in parts(batch, self.part_tokens):
            loss = self.token_losses(part).sum() / batch.targets
            loss.backward()
            total += loss.detach()
        return float(total)

    def train(
        self,
        order: Order,
        desk: Desk,
        *,
        after_epoch: Callable[[Trainer], None],
        checkpoints: Checkpoints,
    ) -> bool:
        """Train for all epochs, from the newest checkpoint on; False when asked to stop before.

        Raises:
            NotFinite: The loss is no longer a number.
            OutOfMemory: A single example does not fit.
        """
        course = self.course(order, desk, after_epoch=after_epoch, checkpoints=checkpoints)
        # A rule may change weights that are not trained.
        with nullcontext() if self.rules else packed(self.model, is_training=True):
            try:
                batch = next(course)
                while True:
                    batch = course.send(self._gradient(batch))
            except StopIteration as end:
                return bool(end.value)

    def course(
        self,
        order: Order,
        desk: Desk,
        *,
        after_epoch: Callable[[Trainer], None],
        checkpoints: Checkpoints,
    ) -> Generator[Batch, float, bool]:
        """The training, one batch at a time: whoever drives it adds its gradient, sends its loss.

        Returns False when asked to stop before the end. Raises what ``train`` does.
        """
        total = order.steps * self.dose.epochs
        self.examples = Batch(rows=order.rows)
        self.rules.begin(self)
        checkpoints.resume(self, order)
        for epoch in range(max(1, self.epoch), self.dose.epochs + 1):
            self.epoch = epoch
            self.model.train()
            for batch in self._remaining(order, checkpoints):
                self.step += 1
                loss = yield batch
                self._step(batch, loss)
                desk.progress(self.step, max(total, self.step), loss=loss)
                if desk.stopping:
                    checkpoints.save(self, order)
                    return False
                checkpoints.after_step(self, order)
            checkpoints.after_epoch(self, order)
            for group in self.optimizer.param_groups:
                group["lr"] *= _DECAY
            self.model.eval()
            after_epoch(self)
            self.done = 0
        return True

    def _remaining(self, order: Order, checkpoints: Checkpoints) -> Iterator[Batch]:
        """The batches of an epoch; those that a checkpoint has behind it are passed over."""
        batches = iter(self.rules.batches(self, order.epoch()))
        self.step -= self.done
        for _ in range(self.done):
            next(batches)
            self.step += 1
        checkpoints.settle(self)
        return batches

    def _step(self, batch: Batch, loss: float) -> None:
        with enough_memory(lambda: self._too_little(batch)):
            self.optimizer.step()
        self.optimizer.zero_grad()
        if not math.isfinite(loss):
            raise NotFinite(f"the loss became {loss} at step {self.step}")
        self.done += 1
        self.tally.steps += 1
        self.tally.learning_rate_sum += self.optimizer.param_groups[0]["lr"]
        self.tally.targets += batch.targets
        self.rules.after_step(self)

    def _gradient(self, batch: Batch) -> float:
        """Add the gradient of a step; when memory runs out, in smaller and smaller parts."""
        while True:
            try:
                return self.rules.backward(self, batch)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.rules.replaces_loss or not self._shrink(batch):
                    raise OutOfMemory(self._too_little(batch)) from error
            self.optimizer.zero_grad()
            free_memory()

    def _shrink(self, batch: Batch) -> bool:
        """Halve what a forward pass sees until the batch falls into more parts, if it can."""
        before = len(parts(batch, self.part_tokens))
        if before == len(batch.rows):
            return False
        while len(parts(batch, self.part_tokens)) == before:
            self.part_tokens //= 2
        _log.warning(
            "Memory ran out in step %d: %d tokens at once from here on, the batch stays.",
            self.step,
            self.part_tokens,
        )
        return True

    def _too_little(self, batch: Batch) -> str:
        longest = max(len(row.tokens) for row in batch.rows)
        state = in_words(training_bytes(self.model))
        smaller = (
            f"backend.micro_batch_tokens below {self.part_tokens} (the batch stays the same), or "
            if len(parts(batch, self.part_tokens)) < len(batch.rows)
            else ""
        )
        return (
            f"Training ran out of memory on {self.device} in step {self.step}, with a batch of "
            f"{len(batch.rows)} examples of up to {longest} tokens; weights, gradients and "
            f"optimizer alone take {state}. Choose {smaller}finetune=lora or a larger device; the "
            "same command then goes on."
        )
