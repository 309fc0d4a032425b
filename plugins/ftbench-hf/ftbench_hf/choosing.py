"""Which engine answers, and why: in words, because the user is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ftbench.errors import UsageError

from .engine import Engine
from .foreign import ForeignEngine, find_engine
from .key_value_cache import keeps_all
from .trial_flight import can_fly


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An engine, and what speaks for it."""

    engine: Engine
    why: str

    def told(self, family: str, wanted: Engine) -> str:
        """What a user reads: who answers for a family of models, and why."""
        why = f": {self.why}" if self.why else ""
        return f"{family} is asked by {self.engine.value} (backend.engine={wanted.value}){why}."


def foreign_engine(wanted: Engine, *, python: str, is_cuda: bool) -> ForeignEngine | None:
    """vLLM where it is to answer: the user says so, or nobody and the device is CUDA.

    Raises:
        UsageError: The user says so, and it is not there.
    """
    if wanted is not Engine.vllm and not (wanted is Engine.auto and is_cuda):
        return None
    kind = find_engine(Engine.vllm.value)
    found = None if kind is None else kind(python)
    missing = _NO_PACKAGE if found is None else found.missing
    if missing and wanted is Engine.vllm:
        raise UsageError(missing)
    return None if missing else found


_NO_PACKAGE = (
    "backend.engine=vllm needs the package ftbench-vllm beside ftbench-hf: "
    "pip install ftbench-vllm, or choose backend.engine=auto."
)


def foreign_choice(wanted: Engine) -> Choice:
    """Why an engine of another package answers."""
    if wanted is Engine.vllm:
        return Choice(engine=Engine.vllm, why="")
    return Choice(engine=Engine.vllm, why="the device is CUDA, and vLLM is there")


def own_choice(wanted: Engine, network: Any) -> Choice:
    """Which of our own engines answers for a network, by its architecture.

    Raises:
        UsageError: The user wants rows in flight, and the architecture does not allow it.
    """
    is_able = can_fly(network)
    why_not = _SLIDES if not keeps_all(network.config) else _ATTENDS_ITS_OWN_WAY
    if wanted is Engine.in_flight and not is_able:
        raise UsageError(
            f"backend.engine=in_flight cannot answer for {network.config.model_type}: {why_not}. "
            "Choose backend.engine=auto, batches or continuous."
        )
    if wanted in (Engine.in_flight, Engine.batches, Engine.continuous):
        return Choice(engine=wanted, why="")
    if is_able:
        return Choice(engine=Engine.in_flight, why=_KEEPS_ALL)
    return Choice(engine=Engine.batches, why=why_not)


_KEEPS_ALL = "every layer keeps the keys and values of all tokens, so that rows can come and go"
_ATTENDS_ITS_OWN_WAY = "it attends in a way of its own"
_SLIDES = "not every layer keeps the keys and values of all tokens"
