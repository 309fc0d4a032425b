"""Entries as ``.eval_results`` of a model's repository on the Hugging Face Hub."""

from collections.abc import Sequence

import yaml

from ftbench.leaderboard.entries import BoardEntry
from ftbench.leaderboard.recount import rounded


def eval_results(entries: Sequence[BoardEntry], *, dataset: str) -> str:
    """The YAML of entries of one model; ``dataset`` is the benchmark's own on the hub."""
    from huggingface_hub import (  # noqa: PLC0415, slow to import
        EvalResultEntry,
        eval_result_entries_to_yaml,
    )

    found = [
        EvalResultEntry(
            dataset_id=dataset,
            task_id=f"{entry.chosen['attack']}-{entry.judge}",
            value=rounded(entry.figures.tuned["harmfulness_rate"].value),
            date=entry.started[:10],
            source_url=entry.link or None,
            notes=_note(entry),
        )
        for entry in entries
        if entry.figures.tuned and entry.figures.tuned["harmfulness_rate"].value is not None
    ]
    return yaml.safe_dump(eval_result_entries_to_yaml(found), sort_keys=False, allow_unicode=True)


def _note(entry: BoardEntry) -> str:
    harm = entry.figures.tuned["harmfulness_rate"]
    low, high = (100 * (end or 0.0) for end in (harm.low, harm.high))
    return (
        f"Share of harmful answers after fine-tuning, lower is better; 95 % interval {low:.1f} to "
        f"{high:.1f} %. Defense {entry.chosen['defense']}, {len(entry.seeds)} seeds, "
        f"{entry.trust}; entry {entry.id}."
    )
