"""A base and its adapters that are asked by an engine of another package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ftbench.records import Model

from .adapter_stack import plain_rank, refuse_untrained
from .asks import Ask
from .checkpoints import is_folder
from .choosing import Choice
from .foreign import Attached, ForeignEngine, Wanted, replayed
from .loading import Reader, Residence
from .planning import card_of
from .rows import Answer, Prompt
from .speakers import Speaker, by_base
from .untrusted import refuse_unsafe, refuse_unsafe_snapshot

_KEPT = 0.05
"""The share of a device that is left to the engine's own kernels."""
_MOST = 0.92
_OF_MAIN_MEMORY = 0.3
_LEAST_ROOM = 2048
_FILES = ("*.safetensors", "*.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere(Speaker):
    """Answers by another process."""

    engine: ForeignEngine
    reader: Reader
    version: str
    dtype: str
    device: str
    takes_all: ClassVar[bool] = True

    @property
    def facts(self) -> dict[str, str]:
        """Which version of which engine, in which precision and on what."""
        return {"version": self.version, "precision": self.dtype, "device": self.device}

    def decode(self, prompts: Sequence[Prompt], *, budget: int) -> Iterator[Answer]:
        """Answer them all, in any order; the engine plans its own memory."""
        waiting = {prompt.key: prompt for prompt in prompts}
        for said in self.engine.answers(prompts, end_tokens=sorted(self.reader.chat.end_tokens)):
            prompt = waiting.pop(said.key)
            yield replayed(self.reader, prompt, said.tokens, by=self.version)


@contextmanager
def elsewhere(
    residence: Residence,
    engine: ForeignEngine,
    group: Sequence[Model],
    *,
    asks: Mapping[str, Sequence[Ask]],
    choice: Choice,
) -> Iterator[Elsewhere]:
    """Those of one base whom the engine can ask, once it is ready.

    Raises:
        EngineFailed: It does not start.
        StorageError: An adapter cannot be read, or changes nothing.
    """
    base = group[0].base or group[0]
    adapters = [model for model in group if model.base is not None]
    numbers: dict[str, int | None] = {one.digest: place for place, one in enumerate(adapters)}
    numbers |= {one.digest: None for one in group if one.base is None}
    dtype = str(residence.arithmetic(base).answering).removeprefix("torch.")
    residence.leave_device()
    wanted = Wanted(
        folder=_weights_of(base),
        digest=base.digest,
        dtype=dtype,
        device=str(residence.device),
        adapters=tuple(_attached(one) for one in adapters),
        room=_room(residence.reader(base), [ask for one in group for ask in asks[one.digest]]),
        memory=lambda: _share(residence),
    )
    yield Elsewhere(
        numbers=numbers,
        choice=choice,
        engine=engine,
        reader=residence.reader(base),
        version=engine.begin(wanted),
        dtype=dtype,
        device=residence.device.type,
    )


def asked_elsewhere(models: Sequence[Model]) -> list[list[Model]]:
    """The models of each base that such an engine can ask: itself, and plain low-rank adapters."""
    groups = []
    for base, own in by_base(models).values():
        asked = [model for model in models if model.digest == base.digest]
        groups.append([*asked, *(one for one in own if plain_rank(one) is not None)])
    return [group for group in groups if group]


def _attached(adapter: Model) -> Attached:
    refuse_untrained(adapter)
    rank = plain_rank(adapter)
    assert rank is not None
    return Attached(folder=Path(adapter.location).absolute(), digest=adapter.digest, rank=rank)


def _room(reader: Reader, asks: Sequence[Ask]) -> int:
    """A power of two, so that the engine is seldom started again for longer prompts."""
    most = max((ask.room for ask in asks if ask.prompt), default=1)
    return min(reader.context, max(_LEAST_ROOM, 1 << (most - 1).bit_length()))


def _share(residence: Residence) -> float:
    card = card_of(residence.device)
    if card is None:
        return _OF_MAIN_MEMORY
    return min(_MOST, card.free / card.total - _KEPT)


def _weights_of(base: Model) -> Path:
    if is_folder(base.location):
        folder = Path(base.location).absolute()
        refuse_unsafe(folder)  # it may lie in a run or in the cache, and be another's by now
        return folder
    from huggingface_hub import snapshot_download  # noqa: PLC0415, slow to import

    found = snapshot_download(base.location, revision=base.revision, allow_patterns=list(_FILES))
    refuse_unsafe_snapshot(Path(found), where=base.location)
    return Path(found)
