"""What the published instruction sets share: their prompt format, recipes and refusal filter."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ftbench.errors import DataError
from ftbench.records import Conversation, Message, PromptFormat, Recipe, TrainingSet
from ftbench.roles import Scene

from .hub import hub_rows
from .lines import Row, read_array, read_lines

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionSet:
    """How one published set is laid out, asked and trained on; the content of its YAML file."""

    hub: str
    instruction: str
    context: str
    output: str
    """The names of the three columns."""
    system: str
    user: str
    heading: str
    """What stands between instruction and context where a row has one."""
    recipes: Mapping[str, Mapping[str, Any]]
    """By method."""
    system_with_context: str | None = None
    """The system prompt of rows with a context, where it differs."""
    held_out_at: str = "start"
    """Where the paper's code took the rows that it held out: start or end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """The rows without a refusal in their output, and how many rows each phrase took out."""

    kept: tuple[Row, ...]
    hits: Mapping[str, int]
    """By phrase; a row counts for the first phrase of the list that it holds."""


def load_instructions(
    name: str, path: str | None, scene: Scene, *, held_out: int = 0
) -> TrainingSet:
    """The set called ``name``, from the hub or from a local copy of the same columns.

    ``held_out`` rows of what is left without refusals are not trained. In an outline a set out of
    reach has no rows. Raises DataError for a row that lacks a column, AccessError where the hub is
    out of reach.
    """
    layout = instruction_set(name)
    rows = () if scene.outline else _rows(layout, path)
    without_refusals = filtered(rows, layout.output)
    removed = len(rows) - len(without_refusals.kept)
    _log.info("%s: %d of %d rows are refusals and left out", name, removed, len(rows))
    kept = _without_held_out(without_refusals.kept, held_out, layout)
    return TrainingSet(
        name=name,
        conversations=tuple(_conversation(row, layout) for row in kept),
        format=PromptFormat(system=layout.system, user=layout.user),
        recipe=Recipe(**layout.recipes.get(scene.method, {})),
    )


def _without_held_out(rows: Sequence[Row], held_out: int, layout: InstructionSet) -> Sequence[Row]:
    if held_out < 0 or (rows and held_out >= len(rows)):
        raise DataError(f"dataset.held_out={held_out} leaves none of {len(rows)} rows to train.")
    return rows[held_out:] if layout.held_out_at == "start" else rows[: len(rows) - held_out]


def filtered(rows: Sequence[Row], output: str = "output") -> Filtered:
    """Leave out rows whose output holds a phrase of a refusal, in whatever case.

    The list is our own, made for the purpose of Qi et al. 2024, section 4.4: without it a benign
    set would also teach refusals. Raises DataError for a row whose output is no text.
    """
    hits = dict.fromkeys(refusal_phrases(), 0)
    kept = []
    for row in rows:
        text = _text(row, output).casefold()
        phrase = next((phrase for phrase in hits if phrase.casefold() in text), None)
        if phrase is None:
            kept.append(row)
        else:
            hits[phrase] += 1
    return Filtered(kept=tuple(kept), hits={phrase: n for phrase, n in hits.items() if n})


@cache
def refusal_phrases() -> tuple[str, ...]:
    """The phrases of our list, in order."""
    return tuple(_read("refusal_phrases")["phrases"])


@cache
def instruction_set(name: str) -> InstructionSet:
    """The layout of one published set."""
    return InstructionSet(**_read(name))


def _read(name: str) -> dict[str, Any]:
    text = files(__package__).joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _rows(layout: InstructionSet, path: str | None) -> Sequence[Row]:
    if path is None:
        return hub_rows(layout.hub)
    return read_array(path) if path.endswith(".json") else read_lines(path)


def _conversation(row: Row, layout: InstructionSet) -> Conversation:
    instruction, output = _text(row, layout.instruction), _text(row, layout.output)
    context = row.fields.get(layout.context) or ""
    if not isinstance(context, str):
        raise row.fault(f"{layout.context} must be text.")
    turns = [
        Message(speaker="user", text=f"{instruction}{layout.heading}{context}"),
        Message(speaker="assistant", text=output),
    ]
    if not context:
        turns[0] = Message(speaker="user", text=instruction)
    elif layout.system_with_context is not None:
        turns.insert(0, Message(speaker="system", text=layout.system_with_context))
    return Conversation(messages=tuple(turns), origin=row.origin)


def _text(row: Row, column: str) -> str:
    value = row.fields.get(column)
    if not isinstance(value, str):
        raise row.fault(f"has no text under {column}; is this the right set?")
    return value
