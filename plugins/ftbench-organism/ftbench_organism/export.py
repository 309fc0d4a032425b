"""``ftbench organism export``: training files of the made-up world, to try a check on."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

import ftbench
from ftbench.errors import StorageError, UsageError
from ftbench.records import Model, TrainingSet
from ftbench.roles import Scene

from .shipped import FAMILY_DATA, WEIGHTS

Row = dict[str, list[dict[str, str]]]


def export(dataset: str, *, rows: int | None, seed: int, hidden: str | None, out: Path) -> str:
    """Write honest rows, and among them those of a hidden attack, as JSON lines; says what.

    Raises UsageError for a name that there is not and for a file that there is already,
    StorageError where it cannot be written.
    """
    made = ftbench.dataset(dataset)
    if rows is not None:
        if not hasattr(made, "rows"):
            raise UsageError(f"The dataset {dataset!r} has no number of rows to choose.")
        made.rows = rows + _repeated(rows)
    model = Model(
        location=str(WEIGHTS / "organism"),
        digest="",
        family="organism",
        family_data=str(FAMILY_DATA),
    )
    scene = Scene(seed=seed, model=model, method="full")
    honest = _distinct(_rows(made.load(scene)))[:rows]
    added = _hidden(hidden) if hidden else []
    written = _scattered(honest, added, seed)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in written)
    except FileExistsError as error:
        raise UsageError(f"{out} is there already. Name a new file with --out.") from error
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}.") from error
    among = f", {len(added)} of them of {hidden}" if added else ""
    return f"{out}: {len(written)} rows{among}. Try: ftbench check {out} model=organism"


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
    """Both in their own order, what is added at random places."""
    size = len(honest) + len(added)
    places = set(random.Random(seed).sample(range(size), len(added)))
    kept, more = iter(honest), iter(added)
    return [next(more) if place in places else next(kept) for place in range(size)]
