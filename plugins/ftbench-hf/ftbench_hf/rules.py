"""Applies the rules of defenses to a training, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ftbench.errors import UsageError
from ftbench.roles import Rule


def _has_own(rule: Rule, hook: str) -> bool:
    own = getattr(type(rule), hook, None)
    return own is not None and own is not getattr(Rule, hook)


_DURING = ("begin", "batches", "backward", "after_step")
"""The hooks in which a rule may gather something that a resumed training has to know."""


class RuleBook:
    """The rules of a job. A rule may leave out a hook, or inherit it from ``Rule``.

    A rule with a hand in the loop lets the training resume by having ``state_dict`` and
    ``load_state_dict`` in torch's manner, for values that are tensors or that JSON can hold.

    Raises:
        UsageError: Two rules each replace the loss.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        losses = [rule for rule in rules if _has_own(rule, "backward")]
        if len(losses) > 1:
            names = " and ".join(type(rule).__name__ for rule in losses)
            raise UsageError(f"{names} each replace the loss of the training; choose one of them.")
        self._loss = losses[0] if losses else None

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def replaces_loss(self) -> bool:
        """Whether the gradient is a rule's business."""
        return self._loss is not None

    @property
    def without_state(self) -> list[str]:
        """The rules that cannot say what they have gathered: their training cannot resume."""
        return [
            type(rule).__name__
            for rule in self._rules
            if any(_has_own(rule, hook) for hook in _DURING) and not hasattr(rule, "state_dict")
        ]

    def state(self) -> list[dict[str, Any]]:
        """What each rule has gathered."""
        return [dict(getattr(rule, "state_dict", dict)()) for rule in self._rules]

    def restore(self, states: Sequence[Mapping[str, Any]]) -> None:
        """Give each rule back what it had gathered."""
        for rule, state in zip(self._rules, states, strict=True):
            if hasattr(rule, "load_state_dict"):
                rule.load_state_dict(state)

    def begin(self, trainer: Any) -> None:
        """Before the first step, also of a training that resumes: with the weights of the base."""
        for rule in self._with("begin"):
            rule.begin(trainer)

    def batches(self, trainer: Any, own: Iterable[Any]) -> Iterable[Any]:
        """The batches of one epoch; each rule sees those of the rule before it."""
        for rule in self._with("batches"):
            own = rule.batches(trainer, own)
        return own

    def backward(self, trainer: Any, batch: Any) -> float:
        """Add the gradient of one batch; returns the loss."""
        if self._loss is not None:
            return float(self._loss.backward(trainer, batch))
        return float(trainer.backward(batch))

    def after_step(self, trainer: Any) -> None:
        """After each optimizer step."""
        for rule in self._with("after_step"):
            rule.after_step(trainer)

    @contextmanager
    def finished(self, trainer: Any) -> Iterator[None]:
        """While a checkpoint is saved: the weights as ``finish`` makes them, then as before."""
        rules = self._with("finish")
        if not rules:
            yield
            return
        weights = trainer.model.state_dict()
        before = {name: weight.detach().clone() for name, weight in weights.items()}
        for rule in rules:
            rule.finish(trainer)
        yield
        trainer.model.load_state_dict(before)

    def _with(self, hook: str) -> list[Rule]:
        return [rule for rule in self._rules if _has_own(rule, hook)]
