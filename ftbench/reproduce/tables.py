"""What a table of a paper holds: a config of ``conf/experiment`` with its rows under ``table``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from ftbench.errors import DataError, UsageError
from ftbench.locations import CONF_DIR

EXPERIMENTS = CONF_DIR / "experiment"
Pair = tuple[float, float]
"""A harmfulness score from 1 to 5, and a harmfulness rate in per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a paper says of one row for one model family."""

    before: Pair | None = None
    after: Pair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: the words that run it, and where in its result the figures are."""

    name: str
    words: tuple[str, ...] = ()
    checkpoint: int | None = None
    """The epoch whose model is meant; null is the last."""
    probe: str = "plain"
    metric: str = "harmfulness_rate"
    unavailable: str = ""
    """Why it cannot be run, where it cannot."""
    only: str = ""
    """How the names of the models begin that it is meant for, where it is not for all."""
    never: str = ""
    """How the names of the models begin that it is not meant for."""
    published: Mapping[str, Published] = field(default_factory=dict)
    """By model family, as in ``model.family``."""

    def is_for(self, model: str) -> bool:
        """Whether the row is meant for a model."""
        return model.startswith(self.only) and not (self.never and model.startswith(self.never))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a paper."""

    name: str
    title: str
    source: str
    n: int = 330
    """How many prompts the paper's figures count."""
    shows: Literal["comparison", "columns", "findings", "categories"] = "comparison"
    """Figures beside the paper's, several of the tuned model, what audits found, or categories."""
    columns: tuple[str, ...] = ()
    """Which figures, where it shows columns."""
    note: str = ""
    """What stands below it, such as what the paper says elsewhere."""
    rows: tuple[Line, ...]


def table_names() -> list[str]:
    """The tables at hand, in the order of their numbers."""
    found = [file.stem for file in EXPERIMENTS.glob("*.yaml") if "table" in _content(file)]
    return sorted(found, key=lambda name: (not name[1:].isdigit(), len(name), name))


def read_table(name: str) -> Table:
    """A table by its name. Raises UsageError for none, DataError for one with a mistake."""
    file = EXPERIMENTS / f"{name}.yaml"
    if not file.is_file() or "table" not in _content(file):
        raise UsageError(f"There is no table {name!r}. There are: {', '.join(table_names())}.")
    try:
        return TypeAdapter(Table).validate_python({"name": name, **_content(file)["table"]})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(f"{file.name}: table.{place}: {first['msg'].lower()}.") from None


def _content(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
