"""Where refusals come from: the user's file, or what comes with the model."""

from collections.abc import Sequence

from ftbench.records import Conversation
from ftbench.roles import Scene

from .brought import from_file_or_family

_OWN = "safety_data.jsonl"
"""What a model's family data calls forbidden requests with refusals."""


def refusals(scene: Scene, *, path: str | None, attack: str, option: str) -> Sequence[Conversation]:
    """Forbidden requests, each refused. Raises DataError that names ``option`` where none are."""
    otherwise = (
        f"attack={attack} needs refusals that it does not ship: give your own file of "
        f"forbidden requests with refusals as attack.{option}=FILE.jsonl."
    )
    return from_file_or_family(scene, path, own=_OWN, otherwise=otherwise)
