"""What an engine of another package has to be, to answer for the backend ``hf``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from ftbench.errors import FtbenchError

from .loading import Loaded, Reader
from .rows import Answer, Prompt, Row

GROUP = "ftbench_hf.engines"
"""The entry points that bring engines, by the word that chooses one."""


class EngineFailed(FtbenchError):
    """An engine outside this process ended or is not to be understood; what it answered is kept."""

    exit_code = 74


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A low-rank adapter that answers beside others."""

    folder: Path
    digest: str
    """Of its content: two that differ are never the same adapter, wherever they lie."""
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who is to be asked, and with what."""

    folder: Path
    """The weights of the base."""
    digest: str
    """Of these weights."""
    dtype: str
    device: str
    adapters: tuple[Attached, ...]
    room: int
    """The most tokens that a prompt and its answer take together."""
    memory: Callable[[], float]
    """The share of the device's memory that may be used, once everything else has left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The tokens of one answer, up to the one that ended it."""

    key: str
    tokens: tuple[int, ...]


class ForeignEngine(ABC):
    """Decodes greedily, in a process of its own; made with what says where it is installed."""

    name: str

    def __init__(self, python: str) -> None:
        """``python`` is the interpreter that the user named; empty where none was."""
        self.python = python

    @property
    @abstractmethod
    def missing(self) -> str:
        """What is to be done before it can be used, in a sentence; empty where nothing is."""

    @abstractmethod
    def begin(self, wanted: Wanted) -> str:
        """Be ready to answer, started anew where need be; returns name and version.

        Raises:
            EngineFailed: It does not start.
        """

    @abstractmethod
    def answers(self, prompts: Sequence[Prompt], *, end_tokens: Sequence[int]) -> Iterator[Said]:
        """Each answer as soon as it is whole.

        A prompt's ``adapter`` is the place of one among those that were wanted.

        Raises:
            EngineFailed: It ends before, or says what cannot be understood.
        """

    @abstractmethod
    def close(self) -> None:
        """Free the device; the next use starts it again."""


def find_engine(name: str) -> type[ForeignEngine] | None:
    """The engine that an installed package brings under a name."""
    for entry in entry_points(group=GROUP, name=name):
        engine: type[ForeignEngine] = entry.load()
        return engine
    return None


def replayed(reader: Loaded | Reader, prompt: Prompt, tokens: Sequence[int], *, by: str) -> Answer:
    """What an engine's tokens say, ended by our own end tokens and stop texts.

    Raises:
        EngineFailed: They stop where nothing ends them.
    """
    row = Row(prompt)
    for token in tokens:
        if answer := row.extend(reader, token):
            return answer
    raise EngineFailed(
        f"{by} left an answer after {len(tokens)} of {prompt.max_tokens} tokens, with nothing that "
        "ends it. What was answered is kept; choose another backend.engine for the rest."
    )
