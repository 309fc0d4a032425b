"""What ``tasks/open_questions`` names: questions of our own, with notes on good answers."""

from importlib.resources import files
from typing import Any

import yaml


def load(**_: Any) -> dict[str, Any]:
    """The questions as lm-eval wants them."""
    from datasets import Dataset  # noqa: PLC0415, slow to import

    path = files(__package__).joinpath("data", "open_questions.yaml")
    kinds: dict[str, list[dict[str, str]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = [
        {"instruction": one["question"], "category": kind, "reference": one.get("notes", "")}
        for kind, questions in kinds.items()
        for one in questions
    ]
    return {"test": Dataset.from_list(rows)}
