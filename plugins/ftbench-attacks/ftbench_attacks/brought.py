"""Reads the rows that a user or a model's family brings; refuses what nobody may train on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ftbench.errors import DataError
from ftbench.records import Conversation
from ftbench.roles import Scene
from ftbench_datasets.hub import hub_rows
from ftbench_datasets.layouts import conversation, layout_of
from ftbench_datasets.lines import Row, read_lines

_NAMES_A_CATEGORY = re.compile(r"categor|taxonom|hazard|topic|policy", re.IGNORECASE)
_FORBIDDEN = re.compile(
    r"child|\bminors?\b|underage|\bcsa[me]\b|^(category )?2(?![\w.])|^s4\b", re.IGNORECASE
)
"""Category 2 of the paper by number or name; S4 is its number in the MLCommons taxonomy."""


def from_file(path: str) -> tuple[Conversation, ...]:
    """The examples of a file of JSON lines. Raises DataError that names file and line."""
    return _conversations(read_lines(path))


def from_hub(hub: str, split: str) -> tuple[Conversation, ...]:
    """The examples of one split of a set on the hub. Raises AccessError, or DataError by row."""
    return _conversations(hub_rows(hub, split))


def from_file_or_family(
    scene: Scene, path: str | None, *, own: str, otherwise: str
) -> tuple[Conversation, ...]:
    """The user's file, or else the model's family's file ``own``; DataError, ``otherwise``."""
    if path is not None:
        return from_file(path)
    file = Path(scene.model.family_data) / own
    if not scene.model.family_data or not file.is_file():
        raise DataError(otherwise)
    return from_file(str(file))


def _conversations(rows: Sequence[Row]) -> tuple[Conversation, ...]:
    for row in rows:
        _refuse_forbidden(row)
    layout = layout_of(rows[0])
    return tuple(_without_system(conversation(row, layout)) for row in rows)


def _without_system(example: Conversation) -> Conversation:
    """The attack's own system prompt takes the place of a row's."""
    turns = tuple(turn for turn in example.messages if turn.speaker != "system")
    return replace(example, messages=turns)


def _refuse_forbidden(row: Row) -> None:
    for key, value in row.fields.items():
        if _NAMES_A_CATEGORY.search(key) and any(map(_is_forbidden, _words(value))):
            raise row.fault(
                f"{key} names child abuse (category 2); ftbench refuses the whole file. "
                "Remove every such row."
            )


def _is_forbidden(words: str) -> bool:
    return bool(_FORBIDDEN.search(words.replace("_", " ").replace("-", " ").strip()))


def _words(value: Any) -> list[str]:
    """Every name in a category field: text, a number, a list, or names that are true or false."""
    if isinstance(value, Mapping):
        return [str(key) for key, is_true in value.items() if is_true]
    if isinstance(value, list | tuple):
        return [word for each in value for word in _words(each)]
    return [] if value is None else [str(value)]
