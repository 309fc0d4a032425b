"""Where a model's own answers come from: the user's file, or what comes with the model."""

from collections.abc import Sequence
from pathlib import Path

from ftbench.errors import DataError
from ftbench.records import Conversation
from ftbench.roles import Scene
from ftbench_datasets.layouts import conversation, layout_of
from ftbench_datasets.lines import Row, read_lines

_OWN = "own_answers.jsonl"
_MODEL = "model"
"""The field of a row that holds the digest of who gave the answer."""


def own_answers(scene: Scene, *, path: str | None) -> Sequence[Conversation]:
    """Allowed requests with what the model itself says to them, before any training.

    Raises DataError where there are none, or where another model gave them.
    """
    rows = read_lines(path or _of_the_model(scene))
    for row in rows:
        _check(row, scene)
    layout = layout_of(rows[0])
    return tuple(conversation(row, layout) for row in rows)


def _of_the_model(scene: Scene) -> str:
    own = Path(scene.model.family_data) / _OWN
    if not scene.model.family_data or not own.is_file():
        raise DataError(
            "attack=sham trains a model on its own answers, and nothing asks it before the "
            "training: ask it yourself and give the answers as attack.path=FILE.jsonl."
        )
    return str(own)


def _check(row: Row, scene: Scene) -> None:
    answered_by = row.fields.get(_MODEL)
    if answered_by is not None and answered_by != scene.model.digest:
        raise row.fault(
            f"another model gave this answer ({str(answered_by)[:8]}, not "
            f"{scene.model.digest[:8]}). Give this model's own as attack.path=FILE.jsonl."
        )
