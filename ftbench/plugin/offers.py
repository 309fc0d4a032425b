"""What a plugin may offer besides components: models it ships, and commands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftbench.records import SystemRole


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedModel:
    """A model inside a plugin; a config of ``conf/model/`` chooses it by its name."""

    name: str
    folder: Path
    family: str
    parent: str | None = None
    """The name of the shipped model it was aligned from."""
    system_role: SystemRole = "native"
    family_data: Path | None = None
    """A folder with the family's own attack data and recipes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A word of the command line.

    ``run`` gets the words after it and returns the exit code. A plain command is quick: it must
    not import hydra, torch or lm_eval before it knows that it needs them.
    """

    name: str
    summary: str
    run: Callable[[Sequence[str]], int]
