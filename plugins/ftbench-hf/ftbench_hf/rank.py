"""What one of several processes does that train together; ``launching`` starts it.

It takes its orders from standard input, whose end is the death of who gave them, and says on
standard output, in lines of JSON, how far it is and how each training ended.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import select
import sys
import traceback
from datetime import timedelta
from threading import Thread
from typing import Any

import torch
import torch.distributed as dist

from ftbench.errors import FtbenchError

from .batches import Order
from .loading import Residence, too_large
from .memory import enough_memory, free_memory
from .orders import STOP, Orders
from .saving import take_part_in_saving
from .sharded_trainer import ShardedCheckpoints, ShardedDesk, ShardedTrainer, TooLarge, is_first
from .sharding import shard
from .tracks import Track
from .trainer import NotFinite, Trainer

_PATIENCE = timedelta(hours=6)
"""How long processes wait for each other: the first may write a large model to a slow disk."""
_MOST = 3000
"""Letters of a traceback: a line of less than 4096 bytes is never torn by another process's."""


class Voice(logging.Handler):
    """Speaks on what was standard output; what libraries print goes where errors go."""

    def __init__(self) -> None:
        super().__init__()
        self._handle = os.dup(1)
        os.dup2(2, 1)

    def say(self, **told: Any) -> None:
        """Say one thing."""
        os.write(self._handle, (json.dumps(told) + "\n").encode())

    def emit(self, record: logging.LogRecord) -> None:
        """Say what is logged."""
        self.say(log=[record.name, record.levelno, record.getMessage()])


class Ear:
    """Hears the orders, that all are to stop, and the death of who gives them."""

    def __init__(self) -> None:
        self.asked_to_stop = False

    def orders(self) -> Orders:
        """The same for every process; from now on this one dies with who gave them."""
        told: list[Any] = [pickle.load(sys.stdin.buffer) if is_first() else None]
        dist.broadcast_object_list(told, device=torch.device("cpu"))
        Thread(target=self._listen if is_first() else self._watch, daemon=True).start()
        found: Orders = told[0]
        return found

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            self.asked_to_stop = self.asked_to_stop or line == STOP
        os._exit(1)

    def _watch(self) -> None:
        """All processes have one input: whoever reads from it takes it from the first."""
        closed = select.poll()
        closed.register(sys.stdin.fileno(), 0)
        closed.poll()
        os._exit(1)


class Training:
    """Trains what the orders say, in step with the other processes."""

    def __init__(self, device: torch.device, voice: Voice, ear: Ear) -> None:
        self._device = device
        self._voice = voice
        self._ear = ear
        self._orders = ear.orders()

    def train(self) -> None:
        """Train all, or until asked to stop; the first process says how each ended."""
        for number, track in enumerate(self._orders.tracks):
            first = self._orders.part_tokens
            tokens = track.leader.dose.part_tokens if number else first
            said = self._trained(track, tokens)
            if is_first():
                self._voice.say(**said)
            if said["end"] == "stopped":
                return
            free_memory()

    def _trained(self, track: Track, part_tokens: int) -> dict[str, str]:
        work = track.leader
        torch.manual_seed(work.job.seed)
        residence = Residence(device=self._device, precision=self._orders.precision)
        loaded = residence.in_main_memory(work.job.base)
        with enough_memory(lambda: too_large(work.job.base, self._device)):
            shard(loaded)
        if is_first():
            track.check_space(loaded, self._orders.seconds)
        desk = ShardedDesk(self._voice.say, lambda: self._ear.asked_to_stop)
        trainer = ShardedTrainer(loaded, work.dose, desk=desk, part_tokens=part_tokens)
        try:
            is_over = trainer.train(
                Order(work.rows, batch_size=work.dose.batch_size, seed=work.dose.seed),
                desk,  # type: ignore[arg-type]
                after_epoch=lambda trainer: _keep(track, trainer),
                checkpoints=track.checkpoints(self._orders.seconds, ShardedCheckpoints),
            )
        except NotFinite as reason:
            return {"end": "diverged", "words": str(reason)}
        return {"end": "trained" if is_over else "stopped"}


def _keep(track: Track, trainer: Trainer) -> None:
    if is_first():
        track.keep(trainer, trainer.loaded)
        return
    for work in track.works:
        if work.keeping.is_missing(trainer.epoch):
            take_part_in_saving(trainer.model)


def _joined(kind: str) -> torch.device:
    """The device of this process, which is one of the group from now on."""
    if kind != "cuda":
        dist.init_process_group("gloo", timeout=_PATIENCE)
        return torch.device(kind)
    device = torch.device(kind, int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(device)
    dist.init_process_group("cpu:gloo,cuda:nccl", timeout=_PATIENCE)
    return device


def main(kind: str) -> None:
    """Train; where that fails, say why and end at once, so that nobody waits for this process."""
    voice, code = Voice(), 1
    try:
        device = _joined(kind)
        if is_first():
            logging.basicConfig(level=logging.INFO, handlers=[voice])
        Training(device, voice, Ear()).train()
        dist.destroy_process_group()
        code = 0
    except TooLarge as reason:
        voice.say(end="too_large", part_tokens=reason.part_tokens)
    except FtbenchError as error:
        voice.say(end="error", kind=type(error).__name__, words=str(error))
    except Exception:  # noqa: BLE001, who started this process raises it
        voice.say(end="crash", words=traceback.format_exc()[-_MOST:])
    os._exit(code)  # without waiting for the thread that listens


if __name__ == "__main__":
    main(sys.argv[1])
