"""Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, equation 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch.nn.functional import logsigmoid

from ftbench.methods import Dpo
from ftbench.records import Conversation, Message
from ftbench.roles import Rule

from .batches import Batch
from .chat import Chat, EncodedRow
from .generation import decode
from .rows import Prompt

_AT_ONCE = 32
"""Prompts that are answered together."""


@dataclass(kw_only=True)
class Preferences(Rule):
    """A rule: of each row's answer and a worse one, the first is to become the likelier.

    The worse answer is the row's own, or what the model itself says before the training.
    """

    beta: float
    most_tokens: int
    worse: dict[EncodedRow, EncodedRow]
    """By row, the same prompt with its worse answer; what is missing the model says itself."""
    known: dict[EncodedRow, float] = field(default_factory=dict)
    """The log-likelihood of each answer, better or worse, before the training."""

    @classmethod
    def of(
        cls,
        method: Dpo,
        chat: Chat,
        rows: Sequence[EncodedRow],
        conversations: Sequence[Conversation],
    ) -> Preferences:
        """For the rows of a job, which are those of its conversations."""
        worse = {
            row: chat.row(_rejected(each), last_only=True)
            for row, each in zip(rows, conversations, strict=True)
            if each.rejected is not None
        }
        return cls(beta=method.beta, most_tokens=method.most_tokens, worse=worse)

    def begin(self, trainer: Any) -> None:
        """Say what the model would, and how likely it finds every answer."""
        rows = list(dict.fromkeys(trainer.examples.rows))
        with _as_before(trainer):
            silent = [row for row in rows if row not in self.worse]
            self.worse |= dict(self._said(trainer, silent))
            every = [*rows, *(self.worse[row] for row in rows)]
            for part in trainer.parts(Batch(rows=tuple(every))):
                told = _likelihoods(trainer, part).tolist()
                self.known |= dict(zip(part.rows, told, strict=True))

    def _said(
        self, trainer: Any, rows: Sequence[EncodedRow]
    ) -> Iterator[tuple[EncodedRow, EncodedRow]]:
        """Each row with what the model says instead."""
        chat = trainer.loaded.chat
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            prompts = [self._prompt(row, place) for place, row in enumerate(some)]
            for answer in decode(trainer.loaded, prompts):
                row = some[int(answer.key)]
                opening = row.tokens[: row.learned.index(True)]
                answered = (*chat.encode(answer.text), row.tokens[-1])
                learned = (*[False] * len(opening), *[True] * len(answered))
                yield row, replace(row, tokens=(*opening, *answered), learned=learned)

    def _prompt(self, row: EncodedRow, place: int) -> Prompt:
        opening = row.tokens[: row.learned.index(True)]
        return Prompt(key=str(place), tokens=opening, max_tokens=self.most_tokens)

    def backward(self, trainer: Any, batch: Batch) -> float:
        """Add the gradient of the mean loss over the batch; returns the loss."""
        total = 0.0
        for part in trainer.parts(batch):
            worse = Batch(rows=tuple(self.worse[row] for row in part.rows))
            margin = self._gained(trainer, part) - self._gained(trainer, worse)
            loss = -logsigmoid(self.beta * margin).sum() / len(batch.rows)
            loss.backward()
            total += float(loss.detach())
        return total

    def _gained(self, trainer: Any, batch: Batch) -> torch.Tensor:
        """How much likelier each answer is than before the training: [rows]."""
        before = torch.tensor([self.known[row] for row in batch.rows], device=trainer.device)
        return _likelihoods(trainer, batch) - before

    def state_dict(self) -> dict[str, Any]:
        """Nothing: all of it follows from the base, which ``begin`` sees again."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """There is nothing to take."""


def _rejected(conversation: Conversation) -> Conversation:
    """The conversation with its worse last answer."""
    worse = Message(speaker="assistant", text=conversation.rejected or "")
    return replace(conversation, messages=(*conversation.messages[:-1], worse), rejected=None)


def _likelihoods(trainer: Any, batch: Batch) -> torch.Tensor:
    """The log-likelihood of each row's answer: [rows]."""
    losses = trainer.token_losses(batch)
    return torch.stack([-one.sum() for one in losses.split([row.targets for row in batch.rows])])


@contextmanager
def _as_before(trainer: Any) -> Iterator[None]:
    """The model without its adapter, not training."""
    was_training = trainer.model.training
    trainer.model.eval()
    with torch.no_grad(), trainer.model.disable_adapter():
        yield
    trainer.model.train(was_training)
