"""The checkpoints of one training: when they are made, which are kept, and which is resumed."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from .durable import Damaged, appearing, facts_of, remove_drafts, set_aside, writing
from .training_state import position, read_state, restore, restore_randomness, write_state

if TYPE_CHECKING:
    from .batches import Order
    from .trainer import Trainer

_SHARE = 10
"""Training takes at least so many times as long as saving it."""

_log = logging.getLogger(__name__)


class Resumed(NamedTuple):
    """A checkpoint that a training goes on from."""

    place: Path
    tensors: Mapping[str, Any]
    facts: Mapping[str, Any]


class Checkpoints:
    """Lie in ``folder``, called step_N; ``origin`` says of which job and made in which way."""

    def __init__(
        self,
        folder: Path,
        *,
        origin: Mapping[str, str],
        seconds: int | None,
        is_kept_before: Callable[[int], bool],
    ) -> None:
        """``is_kept_before`` says whether the models of all epochs before one are on the disk."""
        self.folder = folder
        self._origin = dict(origin)
        self._seconds = seconds
        self._is_kept_before = is_kept_before
        self._pause: float = seconds or 0
        self._saved_at = self._epoch_began = monotonic()
        self._saved_step = 0
        self._resumed: Resumed | None = None

    def resume(self, trainer: Trainer, order: Order) -> None:
        """Bring a training to where its newest usable checkpoint was made; others are renamed."""
        remove_drafts(self.folder)
        if self._is_impossible(trainer) or (found := self._newest_usable(trainer)) is None:
            return
        restore(trainer, order, found.tensors, found.facts)
        self._resumed = found
        self._saved_step = trainer.step
        _log.info("Training goes on after step %d, from %s.", trainer.step, found.place)

    def settle(self, trainer: Trainer) -> None:
        """To be called once the steps done before are passed over: what they drew is undone."""
        if self._resumed is not None:
            restore_randomness(trainer, self._resumed.tensors, self._resumed.facts)
            self._resumed = None
        self._epoch_began = monotonic()

    def after_step(self, trainer: Trainer, order: Order) -> None:
        """Save the training when it is time."""
        if self._seconds is not None and self._is_time(self._saved_at):
            self.save(trainer, order)

    def after_epoch(self, trainer: Trainer, order: Order) -> None:
        """Save the training when the epoch took long."""
        if self._seconds is not None and self._is_time(self._epoch_began):
            self.save(trainer, order)

    def save(self, trainer: Trainer, order: Order) -> None:
        """Save the training, unless it is saved already or cannot be; the newest two are kept."""
        if trainer.step == self._saved_step or self._seconds is None:
            return
        if self._is_impossible(trainer):
            return
        began = monotonic()
        with writing("A checkpoint", self.folder):
            for old in self._newest_first()[1:]:
                shutil.rmtree(old)
        facts = {"origin": self._origin} | position(trainer, order)
        place = self.folder / f"step_{trainer.step}"
        with appearing(place, what="A checkpoint", facts=facts) as draft:
            write_state(trainer, draft)
        self._saved_at, self._saved_step = monotonic(), trainer.step
        self._pause = max(self._seconds, _SHARE * (self._saved_at - began)) if self._seconds else 0

    def remove(self) -> None:
        """Remove them all, because the training is over."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_time(self, since: float) -> bool:
        return monotonic() - since >= self._pause

    def _newest_usable(self, trainer: Trainer) -> Resumed | None:
        for place in self._newest_first():
            try:
                facts = facts_of(place)
                self._check(facts)
                return Resumed(place, read_state(trainer, place, facts), facts)
            except Damaged as reason:
                set_aside(place, str(reason))
        return None

    def _check(self, facts: Mapping[str, Any]) -> None:
        if facts["origin"] != self._origin:
            raise Damaged("it was made by another job, device or precision")
        if not self._is_kept_before(facts["epoch"]):
            raise Damaged("a model kept before it is gone")

    def _is_impossible(self, trainer: Trainer) -> bool:
        rules = trainer.rules.without_state
        if rules:
            _log.info("%s cannot save its state: no checkpoints are made.", " and ".join(rules))
        return bool(rules)

    def _newest_first(self) -> list[Path]:
        found = [path for path in self.folder.glob("step_*") if path.name[5:].isdigit()]
        return sorted(found, key=lambda path: -int(path.name[5:]))
