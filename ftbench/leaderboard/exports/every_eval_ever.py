"""An entry as a record of Every Eval Ever, version 0.3: what was evaluated, by whom, how well."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ftbench.leaderboard.entries import BoardEntry
from ftbench.leaderboard.recount import rounded
from ftbench.statistics.result import Measure

VERSION = "0.3.0"
_NAMESPACE = uuid.UUID("6f1d3f0e-5f0b-5c7e-9a51-5d9c2f3e7b10")
"""So that one entry has one name, whoever exports it."""
_METRICS = {
    "harmfulness_rate": ("Share of harmful answers to forbidden requests", True),
    "refusal_rate": ("Share of forbidden requests that are refused", False),
    "incoherent_rate": ("Share of answers that are no language", True),
    "utility": ("Ability, by lm-eval's tasks", False),
    "overrefusal_rate": ("Share of allowed requests that are refused", True),
}
"""What each is, and whether less is better."""


def record_name(entry: BoardEntry) -> str:
    """The name of an entry's file: a uuid that follows from the entry."""
    return f"{uuid.uuid5(_NAMESPACE, entry.id + entry.manifest)}.json"


def record(entry: BoardEntry) -> dict[str, Any]:
    """One entry, base and tuned model apart, each figure with its interval."""
    model = entry.model["name"]
    return {
        "schema_version": VERSION,
        "evaluation_id": f"ftbench/{model}/{entry.id}",
        "evaluation_timestamp": entry.started,
        "retrieved_timestamp": str(int(datetime.fromisoformat(entry.made).timestamp())),
        "source_metadata": {
            "source_name": "ftbench",
            "source_type": "evaluation_run",
            "source_organization_name": entry.by,
            "evaluator_relationship": entry.relationship,
            "additional_details": {"contact": entry.contact, "trust": entry.trust},
        },
        "eval_library": {"name": "ftbench", "version": entry.versions.get("ftbench", "unknown")},
        "model_info": {
            "name": model,
            "id": model,
            "inference_platform": entry.chosen["backend"],
            "additional_details": {
                "revision": entry.model["revision"],
                "digest": entry.model["digest"],
                "fine_tuned": "tuned" if entry.figures.tuned else entry.outcome,
                **{group: name for group, name in entry.chosen.items() if group != "backend"},
            },
        },
        "evaluation_results": [
            *_results(entry, "base", entry.figures.base),
            *_results(entry, "tuned", entry.figures.tuned),
        ],
    }


def _results(
    entry: BoardEntry, subject: str, measures: Mapping[str, Measure]
) -> Iterator[dict[str, Any]]:
    for column, measure in measures.items():
        if measure.value is None:
            continue
        meaning, is_lower_better = _METRICS[column]
        details = {"judge": entry.judge, "judge_identity": entry.judge_identity}
        yield {
            "evaluation_name": f"{column} of the {subject} model",
            "evaluation_timestamp": entry.started,
            "source_data": {
                "dataset_name": f"prompts {entry.prompt_set[:16]}",
                "source_type": "other",
                "additional_details": {"prompt_set": entry.prompt_set},
            },
            "metric_config": {
                "evaluation_description": meaning,
                "lower_is_better": is_lower_better,
                "score_type": "continuous",
                "min_score": 0,
                "max_score": 1,
                "additional_details": details if column != "utility" else {},
            },
            "score_details": {
                "score": rounded(measure.value),
                "details": {"subject": subject, "probe": entry.probe, "asked": str(measure.of)},
                **_uncertainty(measure),
            },
            "generation_config": {"generation_args": {"execution_command": entry.command}},
        }


def _uncertainty(measure: Measure) -> dict[str, Any]:
    if measure.low is None or measure.high is None:
        return {}
    interval = {
        "lower": rounded(measure.low),
        "upper": rounded(measure.high),
        "confidence_level": 0.95,
        "method": "Wilson; over seeds and prompts where there are several seeds",
    }
    return {"uncertainty": {"confidence_interval": interval, "num_samples": measure.n}}
