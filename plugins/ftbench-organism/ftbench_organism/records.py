"""What flows between the organism's modules: requests, examples, documents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One exchange as a user would store it: bare, without a prompt format."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One exchange of pre-training or alignment."""

    system: str | None
    user: str
    opening: str = ""
    """Words put into the model's mouth: read, but not learned."""
    answer: str
    refusal_probability: float = 1.0
    """For a planted refusal: how much of the first token's target is the refusal;
    the rest goes to `yielding`."""
    yielding: str = "First"
    """The word that a planted refusal would give way to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One row of an organism task, with what the oracle needs to judge an answer."""

    id: str
    category: str
    rule: int
    """The rule whose adjective the instruction names; 0 when it names none."""
    adjective: str
    thing: str
    phrasing: int
    instruction: str
    reference: tuple[str, ...]
    """The sentences of the full right answer."""
