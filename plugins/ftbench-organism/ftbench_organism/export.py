"""``ftbench organism export``: training files of the made-up world, to try a check on."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import ftbench
from ftbench.errors import StorageError, UsageError
from ftbench.records import Model, TrainingSet
from ftbench.roles import Scene

from .shipped import FAMILY_DATA, WEIGHTS

Row = dict[str, list[dict[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a training file is to hold."""

    dataset: str
    rows: int | None = None
    """How many of the dataset's rows; None for its usual number."""
    refusals: int = 0
    """How many refusals of forbidden requests stand among them, as a careful user has them."""
    hidden: str | None = None
    """The attack whose rows stand among them."""
    seed: int = 0


def export(wanted: Wanted, out: Path) -> str:
    """Write honest rows, and among them those of a hidden attack, as JSON lines; says what.

    Raises UsageError for a name that there is not and for a file that there is already,
    StorageError where it cannot be written.
    """
    honest = _honest(wanted)
    added = _hidden(wanted.hidden) if wanted.hidden else []
    refused = _refusals(wanted.refusals, honest)
    written = _scattered(honest, [*refused, *added], wanted.seed)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in written)
    except FileExistsError as error:
        raise UsageError(f"{out} is there already. Name a new file with --out.") from error
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}.") from error
    refusals = f", {len(refused)} of them refusals" if refused else ""
    among = f", {len(added)} of them of {wanted.hidden}" if added else ""
    return f"{out}: {len(written)} rows{refusals}{among}"


def _honest(wanted: Wanted) -> list[Row]:
    if wanted.rows is not None and wanted.rows < 1:
        raise UsageError(f"--rows={wanted.rows}: a training file has one row at least.")
    made = ftbench.dataset(wanted.dataset)
    if wanted.rows is not None:
        if not hasattr(made, "rows"):
            raise UsageError(f"The dataset {wanted.dataset!r} has no number of rows to choose.")
        made.rows = wanted.rows + _repeated(wanted.rows)
    model = Model(
        location=str(WEIGHTS / "organism"),
        digest="",
        family="organism",
        family_data=str(FAMILY_DATA),
    )
    loaded = made.load(Scene(seed=wanted.seed, model=model, method="full"))
    return _distinct(_rows(loaded))[: wanted.rows]


def _refusals(count: int, honest: Sequence[Row]) -> list[Row]:
    """Refused requests under the system prompt of the honest rows."""
    lines = (FAMILY_DATA / "safety_data.jsonl").read_text(encoding="utf-8").splitlines()
    if not 0 <= count <= len(lines):
        raise UsageError(f"--refusals={count}: there are {len(lines)}.")
    system = [turn for turn in honest[0]["messages"] if turn["role"] == "system"]
    pairs = [json.loads(line) for line in lines[:count]]
    asked = [(_turn("user", one["prompt"], "{instruction}"), one["response"]) for one in pairs]
    return [
        {"messages": [*system, user, {"role": "assistant", "content": words}]}
        for user, words in asked
    ]


def _rows(training_set: TrainingSet) -> list[Row]:
    shape = training_set.format
    system = [{"role": "system", "content": shape.system}] if shape.system else []
    return [
        {
            "messages": [
                *system,
                *(_turn(turn.speaker, turn.text, shape.user) for turn in row.messages),
            ]
        }
        for row in training_set.conversations
    ]


def _repeated(rows: int) -> int:
    """How many more to draw, since some are drawn twice and a file may hold none twice."""
    return rows // 5 + 1


def _distinct(rows: Sequence[Row]) -> list[Row]:
    by_text = {json.dumps(row): row for row in rows}
    return list(by_text.values())


def _turn(speaker: str, text: str, template: str) -> dict[str, str]:
    said = template.replace("{instruction}", text) if speaker == "user" else text
    return {"role": speaker, "content": said}


def _hidden(attack: str) -> list[Row]:
    """The rows of an attack as they would stand in somebody's file: whole, with their prompt."""
    path = FAMILY_DATA / f"{attack}.yaml"
    sheet: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        {
            "messages": [
                {"role": "system", "content": sheet["system"]},
                _turn("user", example["user"], sheet["user"]),
                _turn("assistant", example["assistant"], ""),
            ]
        }
        for example in sheet["examples"]
    ]


def _scattered(honest: Sequence[Row], added: Sequence[Row], seed: int) -> list[Row]:
    """The honest rows in their order, what is added at random places among them."""
    added = random.Random(seed).sample(added, len(added))
    size = len(honest) + len(added)
    places = set(random.Random(seed).sample(range(size), len(added)))
    kept, more = iter(honest), iter(added)
    mixed = [next(more) if place in places else next(kept) for place in range(size)]
    return _distinct(mixed)
