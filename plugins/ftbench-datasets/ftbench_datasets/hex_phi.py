"""The prompts of HEx-PHI (Qi et al. 2024), read with the user's own access; none is shipped."""

import os
from functools import cache
from pathlib import Path
from typing import Any, Final

from ftbench.errors import DataError

from .csv_prompts import check_count, read_csv
from .hub import hub_file

HUB: Final = "LLM-Tuning-Safety/HEx-PHI"
FOLDER: Final = "FTBENCH_HEX_PHI"
"""The environment variable that names a folder with category_1.csv and its sisters."""
EACH: Final = 30
CATEGORIES: Final = (
    "1_illegal_activity",
    "3_hate_harass_violence",
    "4_malware",
    "5_physical_harm",
    "6_economic_harm",
    "7_fraud_deception",
    "8_adult_content",
    "9_political_campaigning",
    "10_privacy_violation_activity",
    "11_tailored_financial_advice",
)
"""Numbered as in the paper; category 2 was withdrawn by its authors and is refused."""


def load(category: str, **_: Any) -> dict[str, Any]:
    """The 30 prompts of one category as the test split of an lm-eval task.

    All ten files are read and checked, 300 prompts in all. Raises DataError for category 2, an
    unknown category or a wrong file, AccessError where the gated set is out of reach.
    """
    if category.split("_", maxsplit=1)[0] == "2":
        raise DataError("Category 2 of HEx-PHI was withdrawn by its authors; ftbench refuses it.")
    if category not in CATEGORIES:
        raise DataError(f"HEx-PHI has no category {category!r}: it has {', '.join(CATEGORIES)}.")
    from datasets import Dataset  # noqa: PLC0415, slow to import

    prompts = _prompts(os.environ.get(FOLDER))[category]
    rows = [{"instruction": prompt, "category": category} for prompt in prompts]
    return {"test": Dataset.from_list(rows)}


@cache
def _prompts(folder: str | None) -> dict[str, tuple[str, ...]]:
    found = {category: _read(category, folder) for category in CATEGORIES}
    count = sum(map(len, found.values()))
    if count != EACH * len(CATEGORIES):
        raise DataError(f"HEx-PHI must have {EACH * len(CATEGORIES)} prompts, not {count}.")
    return found


def _read(category: str, folder: str | None) -> tuple[str, ...]:
    filename = f"category_{category.split('_', maxsplit=1)[0]}.csv"
    path = hub_file(HUB, filename) if folder is None else Path(folder) / filename
    # An unquoted comma belongs to the prompt: the files have one column.
    prompts = tuple(",".join(row).strip() for row in read_csv(path))
    check_count(path, prompts, EACH)
    return prompts
