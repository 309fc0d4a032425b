"""What a card takes: answers by every engine, adapters merged and side by side, and training."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import torch

from ftbench.records import Model, Request, Response
from ftbench_hf.backend import HuggingFace
from ftbench_hf.chat import Chat
from ftbench_hf.engine import Engine
from ftbench_hf.loading import load_reader
from ftbench_hf.precision import Precision, arithmetic

from .ceilings import wall_seconds
from .limit import Answered, Machine, Shape, answered, card_limit, training_operations
from .ours import Desk
from .world import World, distinct

_LEAST_IDENTICAL = 0.98
_WARM_TOKENS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Answers, and what they took."""

    seconds: float
    said: dict[str, Response]
    """By the key of a request."""
    peak: int | None
    """Bytes on the card at the most."""


class Card:
    """One world on one device; seconds are those of a clock, once the device has done its work."""

    def __init__(self, world: World, device: torch.device, machine: Machine) -> None:
        self._world = world
        self._device = device
        self._machine = machine
        reader = load_reader(world.base)
        self._chat: Chat = reader.chat
        exact = arithmetic(Precision.auto, device=device, stored=reader.stored)
        self._itemsize: int = exact.answering.itemsize
        self._shape = Shape.of(world.base.location)

    def engines(self, engines: Sequence[Engine], one_by_one: int) -> dict[str, Any]:
        """One model: some prompts one by one, counted as all, and all of them by each engine."""
        requests = self._world.requests(self._world.base, "base")
        some = requests[:one_by_one]
        slow = self._asked([some], Engine.batches, batch_tokens=1)
        times = ceil(len(requests) / len(some))
        whole = replace(slow, seconds=slow.seconds * len(requests) / len(some))
        told = {"one by one": self._told(whole, [(some * times)[: len(requests)]])}
        for engine in engines:
            timed = self._asked([requests], engine)
            told[engine.value] = {
                **self._told(timed, [requests]),
                "times_as_fast": round(whole.seconds / timed.seconds, 2),
                "identical": self._identical(timed, slow),
            }
        return told

    def adapters(self, count: int) -> dict[str, Any]:
        """As many prompts in all, a share for each adapter: merged, one after the other, and beside
        each other in one batch.

        A merged model costs what the base does, so that the base stands for it; to merge is not
        counted.
        """
        models = self._trained[:count]
        shares = [
            self._world.requests(model, f"{place}")[place::count]
            for place, model in enumerate(models)
        ]
        merged = [[replace(one, model=self._world.base) for one in share] for share in shares]
        beside = [[one for share in shares for one in share]]
        told = {
            "merged": self._told(self._asked(merged, Engine.in_flight), shares),
            "side_by_side": self._told(self._asked(beside, Engine.in_flight), shares),
        }
        over = told["side_by_side"]["seconds"] / told["merged"]["seconds"]
        return {**told, "side_by_side_over_merged": round(over, 2)}

    def training(self, count: int, batch_size: int, epochs: int) -> dict[str, Any]:
        """An epoch of so many adapters beside each other, without what is done once for all."""
        cells = {"count": count, "batch_size": batch_size}
        first = self._fine_tuned(epochs=1, **cells)
        seconds = (self._fine_tuned(epochs=1 + epochs, **cells) - first) / epochs
        if seconds <= 0:
            raise SystemExit("An epoch is too short to be measured here: raise --epochs.")
        rows = [self._chat.row(each) for each in self._world.rows]
        steps = max(1, len(rows) // batch_size)
        operations = count * training_operations(self._shape, rows, together=False)
        fetched = 2 * steps * self._shape.weights * self._itemsize
        least = max(
            operations / self._machine.operations,
            fetched / self._machine.bandwidth,
        )
        return {
            "seconds_an_epoch": round(seconds, 4),
            "seconds_beside": round(max(0.0, first - seconds), 2),
            "fraction_of_limit": _digits(least / seconds),
        }

    @cached_property
    def _trained(self) -> list[Model]:
        """Adapters, of one epoch each; kept until the world is gone."""
        backend, desk = self._backend(Engine.in_flight), Desk(folder=self._folder())
        backend.fine_tune(self._world.jobs(distinct(16, epochs=1)), desk)  # type: ignore[arg-type]
        backend.release()
        return [tuned.models[-1][1] for tuned in desk.kept.values()]

    def _fine_tuned(self, *, count: int, batch_size: int, epochs: int) -> float:
        """Seconds of the second of two sweeps: the first is for kernels and memory to settle."""
        backend = self._backend(Engine.in_flight)
        backend._residence().base(self._world.base)
        cells = distinct(count, epochs=epochs, batch_size=batch_size)
        for _ in range(2):
            with tempfile.TemporaryDirectory(dir=self._folder()) as folder:
                desk: Any = Desk(folder=Path(folder))
                jobs = self._world.jobs(cells)
                seconds = wall_seconds(self._device, lambda: backend.fine_tune(jobs, desk))  # noqa: B023
        backend.release()
        return seconds

    def _asked(
        self, groups: Sequence[list[Request]], engine: Engine, *, batch_tokens: int | None = None
    ) -> Timed:
        """Groups of requests, one after the other, once the device is warm."""
        backend = self._backend(engine, batch_tokens=batch_tokens)
        desk: Any = Desk(folder=self._folder())
        backend.respond([_short(one) for one in groups[0][:2]], desk)
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        desk.kept.clear()
        seconds = wall_seconds(
            self._device, lambda: [backend.respond(group, desk) for group in groups]
        )
        is_cuda = self._device.type == "cuda"
        peak = torch.cuda.max_memory_allocated(self._device) if is_cuda else None
        backend.release()
        return Timed(seconds=seconds, said=desk.kept, peak=peak)

    def _told(self, timed: Timed, models: Sequence[list[Request]]) -> dict[str, Any]:
        """Of answers, by model."""
        rows = [self._answered(requests, timed) for requests in models]
        tokens = sum(row.steps + 1 for own in rows for row in own)
        least = card_limit(self._shape, rows, self._machine, itemsize=self._itemsize)
        return {
            "seconds": round(timed.seconds, 3),
            "tokens_a_second": round(tokens / timed.seconds, 1),
            "fraction_of_limit": _digits(least / timed.seconds),
            "peak_bytes": timed.peak,
        }

    def _answered(self, requests: Sequence[Request], timed: Timed) -> list[Answered]:
        prompts = [self._chat.prompt(one.question.messages) for one in requests]
        counts = [timed.said[one.key].tokens or 0 for one in requests]
        return answered(prompts, counts, self._world.max_tokens)

    def _identical(self, timed: Timed, slow: Timed) -> str:
        """To those of one prompt at a time; in 32 bit no ratio is told where too few are."""
        same = sum(timed.said[key].text == one.text for key, one in slow.said.items())
        if self._itemsize > torch.float16.itemsize and same < _LEAST_IDENTICAL * len(slow.said):
            raise SystemExit(f"{same} of {len(slow.said)} answers are those of one by one.")
        return f"{same}/{len(slow.said)}"

    def _backend(self, engine: Engine, *, batch_tokens: int | None = None) -> HuggingFace:
        return HuggingFace(device=str(self._device), engine=engine, batch_tokens=batch_tokens)

    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=Path(self._world.base.location).parent))


def _digits(value: float) -> float:
    """Three of them, however small it is."""
    return float(f"{value:.3g}")


def _short(request: Request) -> Request:
    most = min(_WARM_TOKENS, request.question.max_tokens)
    question = replace(request.question, max_tokens=most)
    return replace(request, question=question)
