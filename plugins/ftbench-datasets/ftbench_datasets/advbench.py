"""The prompts of AdvBench (Zou et al. 2023), read with the user's own access; none is shipped."""

import os
from pathlib import Path
from typing import Any, Final

from .csv_prompts import check_count, read_csv
from .hub import hub_rows
from .lines import Row

HUB: Final = "walledai/AdvBench"
FILE: Final = "FTBENCH_ADVBENCH"
"""The environment variable that names a local harmful_behaviors.csv."""
COUNT: Final = 520
CATEGORY: Final = "harmful_behaviors"
_HEADERS = {"goal", "prompt"}


def load(**_: Any) -> dict[str, Any]:
    """The 520 prompts as the test split of an lm-eval task.

    Raises DataError for a wrong file, AccessError where the gated set is out of reach.
    """
    from datasets import Dataset  # noqa: PLC0415, slow to import

    rows = [{"instruction": prompt, "category": CATEGORY} for prompt in _prompts()]
    return {"test": Dataset.from_list(rows)}


def _prompts() -> tuple[str, ...]:
    path = os.environ.get(FILE)
    prompts = _hub_prompts() if path is None else _file_prompts(Path(path))
    check_count(Path(path or HUB), prompts, COUNT)
    return prompts


def _hub_prompts() -> tuple[str, ...]:
    return tuple(_prompt(row) for row in hub_rows(HUB))


def _prompt(row: Row) -> str:
    prompt = row.fields.get("prompt")
    if not isinstance(prompt, str):
        raise row.fault("has no text under prompt; the set has changed its layout.")
    return prompt.strip()


def _file_prompts(path: Path) -> tuple[str, ...]:
    """The first column, with the header of the authors' file or without any."""
    rows = read_csv(path)
    if rows and rows[0][0].strip().lower() in _HEADERS:
        rows = rows[1:]
    return tuple(row[0].strip() for row in rows)
