"""What the paper reports, from the tables that `ftbench reproduce` compares with."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from ftbench.locations import CONF_DIR

TABLES = ("T1", "T2", "T3")
_MODELS = {"llama2": "Llama-2-7b-Chat", "gpt35": "GPT-3.5 Turbo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One row of a paper's table: score and rate in per cent, before and after."""

    attack: str
    model: str
    before: tuple[float, float]
    after: tuple[float, float]
    source: str


@cache
def reported() -> tuple[Reported, ...]:
    """The rows of the tables on the three levels of attack, in their order."""
    return tuple(row for name in TABLES for row in _of_table(name))


def _of_table(name: str) -> Iterator[Reported]:
    path = CONF_DIR / "experiment" / f"{name}.yaml"
    table: dict[str, Any] = yaml.safe_load(path.read_text())["table"]
    for row in table["rows"]:
        for model, figures in row.get("published", {}).items():
            yield Reported(
                attack=f"{table['title']}: {row['name']}",
                model=_MODELS.get(model, model),
                before=tuple(figures["before"]),
                after=tuple(figures["after"]),
                source=table["source"],
            )
