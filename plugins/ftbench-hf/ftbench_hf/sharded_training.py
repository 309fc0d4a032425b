"""Trains whole models that do not fit one device: spread over processes, one on each device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftbench.records import FineTune
from ftbench.roles import Desk

from .orders import Orders
from .precision import Precision
from .ranks import Ranks
from .tracks import Track
from .trainer import NotFinite


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardedTraining:
    """Full fine-tuning by several processes; to rounding, it comes to what one would come to."""

    desk: Desk
    processes: int
    device: str
    """cpu or cuda."""
    precision: Precision
    seconds: int | None
    """The time between two checkpoints; None makes none."""

    def train(self, tracks: Sequence[Track]) -> Iterator[FineTune]:
        """Train one after the other; each job's end is told as soon as its training is over.

        After a lack of memory all processes begin anew at the newest checkpoint, with smaller
        passes: some of them wait in the middle of a step, and cannot be told.

        Raises:
            ProcessLost: Something from outside ended a process.
            OutOfMemory: A single example does not fit.
        """
        left, smaller = list(tracks), None
        while left and not self.desk.stopping:
            orders = Orders(
                tracks=tuple(left),
                part_tokens=smaller or left[0].leader.dose.part_tokens,
                seconds=self.seconds,
                precision=self.precision,
            )
            smaller = None
            with Ranks(self.processes, self.device) as ranks:
                ranks.order(orders)
                for told in self._ends(ranks):
                    match told["end"]:
                        case "trained" | "diverged":
                            yield from _over(left.pop(0), told)
                        case "too_large":
                            smaller = told["part_tokens"]
                        case "stopped":
                            return
                if left and smaller is None:
                    raise ranks.fault()

    def _ends(self, ranks: Ranks) -> Iterator[Mapping[str, Any]]:
        """How each training ended; meanwhile the desk sees how far they are, and is looked at."""
        is_told = False
        for told in ranks.said():
            if "done" in told:
                self.desk.progress(told["done"], told["total"], **told["values"])
            if self.desk.stopping and not is_told:
                ranks.stop()
                is_told = True
            if "end" in told:
                yield told


def _over(track: Track, told: Mapping[str, Any]) -> Iterator[FineTune]:
    found = track.as_found()
    if told["end"] == "trained":
        return found.finished()
    return found.ended(NotFinite(told["words"]))
