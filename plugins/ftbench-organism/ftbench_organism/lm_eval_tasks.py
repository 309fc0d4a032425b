"""What the YAML of the organism's lm-eval tasks names: their prompts, and exact scoring."""

from collections.abc import Mapping, Sequence
from typing import Any

from .oracle import is_right
from .prompts import load_prompts


def load(task: str, category: str | None = None, **_: Any) -> dict[str, Any]:
    """The prompts of a task, or of one of its categories, as lm-eval wants them."""
    from datasets import Dataset  # noqa: PLC0415, slow to import

    rows = [
        {
            "instruction": prompt.instruction,
            "category": prompt.category,
            "reference": list(prompt.reference),
        }
        for prompt in load_prompts(task)
        if category in (None, prompt.category)
    ]
    return {"test": Dataset.from_list(rows)}


def process_utility(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """1 where the answer holds every sentence of the right one, else 0."""
    return {"correct": float(is_right(str(results[0]), doc["reference"]))}
