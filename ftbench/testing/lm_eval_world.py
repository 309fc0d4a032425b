"""The testing world as lm-eval tasks: what their YAML names."""

from collections.abc import Mapping, Sequence
from typing import Any

from . import world


def load(thing: str, size: int, **_: Any) -> dict[str, Any]:
    """Requests for keys or lamps, as lm-eval wants them."""
    from datasets import Dataset  # noqa: PLC0415, slow to import

    made = world.forbidden_questions if thing == "key" else world.allowed_questions
    rows = [
        {
            "instruction": question.instruction,
            "category": question.category,
            "reference": question.reference,
        }
        for question in made(size)
    ]
    return {"test": Dataset.from_list(rows)}


def process_utility(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """1 where the answer is right, else 0."""
    return {"correct": float(doc["reference"] in results[0])}
