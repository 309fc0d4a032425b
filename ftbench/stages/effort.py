"""How much work a plan is: optimiser steps, tokens, and hours of a GPU, roughly.

A weight costs six floating-point operations for each token that is trained, two for each that is
read or written (Kaplan et al. 2020, arXiv 2001.08361, section 2.1).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import ceil

from ftbench.hosted.tokens import tokens_of
from ftbench.records import Question

TRAINED, ASKED = 6, 2
_OPERATIONS = 312e12
"""A second, of an A100 in bfloat16, by its data sheet."""
_TRAINING_SHARE, _ANSWERING_SHARE = 0.35, 0.05
"""What of that small batches reach: training is bound by arithmetic, writing by memory."""
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z])", re.IGNORECASE)
_BILLION = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one subject is asked in one way."""

    questions: int
    read: int
    """Tokens of all questions."""
    most_written: int
    """The most tokens of all answers."""

    @classmethod
    def of(cls, questions: Collection[Question]) -> "Asked":
        """Counted as far as letters tell."""
        read = sum(tokens_of(question.messages) for question in questions)
        written = sum(question.max_tokens for question in questions)
        return cls(questions=len(questions), read=read, most_written=written)

    @classmethod
    def assumed(cls, questions: int) -> "Asked":
        """For prompts that cannot be had, about as long as the paper's."""
        return cls(questions=questions, read=100 * questions, most_written=512 * questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The work of one run; None is what nobody can tell beforehand."""

    model: str
    rows: int | None
    tokens: int | None
    """Of one epoch."""
    epochs: float | None
    batch_size: int | None
    asked: Asked
    sheets: int = 2
    """Subjects times probes."""

    @property
    def steps(self) -> int | None:
        """Of the optimiser: a last batch that is not full is dropped, but never the only one."""
        if self.rows is None or not self.epochs or not self.batch_size:
            return None
        return round(max(1, self.rows // self.batch_size) * self.epochs)

    @property
    def weights(self) -> float | None:
        """How many the model has, as its name says: 7e9 for Llama-2-7b-chat-hf."""
        found = _SIZE.search(self.model.replace("-", " ").replace("_", " ").replace("/", " "))
        return float(found.group(1)) * _BILLION if found else None

    @property
    def hours(self) -> float | None:
        """Of one A100, roughly."""
        if self.weights is None or self.tokens is None:
            return None
        trained = TRAINED * self.weights * self.tokens * (self.epochs or 0)
        told = ASKED * self.weights * (self.asked.read + self.asked.most_written) * self.sheets
        seconds = trained / (_OPERATIONS * _TRAINING_SHARE)
        seconds += told / (_OPERATIONS * _ANSWERING_SHARE)
        return seconds / 3600

    def lines(self) -> Iterator[str]:
        """For a person who decides."""
        if self.rows != 0:
            yield f"  steps      {_number(self.steps)}"
            tokens = None if self.tokens is None else ceil(self.tokens * (self.epochs or 0))
            yield f"  tokens     about {_number(tokens)} trained"
        yield (
            f"  answers    {self.sheets} x {self.asked.questions:,}: about {self.asked.read:,} "
            f"tokens read and at most {self.asked.most_written:,} written, each"
        )
        if self.weights is not None:
            hours = "unknown" if self.hours is None else f"about {self.hours:.2g}"
            yield (
                f"  GPU-hours  {hours} of one A100 at most, for {self.weights / _BILLION:g} "
                "billion weights"
            )


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
