"""A run's tally -> the texts of all its files: pure, so that any of them can be made again."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml
from pydantic import TypeAdapter

from ftbench.coherence.classes import class_of
from ftbench.statistics.result import RunResult

from .folder import RESULT
from .sheet import Sheet
from .tally import JudgedPrompt, Tally

CONFIG = "private/config.yaml"
VERDICTS = "public/verdicts.csv"
LM_EVAL = "private/lm_eval"
VERDICT_COLUMNS = (
    *("subject", "checkpoint", "probe", "judge", "task", "category", "question"),
    *("response_outcome", "verdict_outcome", "kind", "values", "class", "against"),
)
"""The public columns by allow-list: never a prompt, a response or a rationale.

``kind`` is the judge's word, ``class`` what the response counts as; ``against`` names the cheap
measures that speak against its being language.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedFile:
    """One file that follows from the ledger."""

    name: str
    """Its path in the run's folder."""
    text: str


def derived_files(
    composed: Mapping[str, Any], result: RunResult, counted: Tally
) -> Iterator[DerivedFile]:
    """Every file of a run but its ledger and its models; the result comes last."""
    config = yaml.safe_dump(composed, sort_keys=False, allow_unicode=True)
    yield DerivedFile(name=CONFIG, text=config)
    yield DerivedFile(name=VERDICTS, text=verdict_table(counted))
    for sheet, results in counted.lm_eval:
        yield from _lm_eval_files(sheet, results, result)
    public = replace(result, folder="")  # where it lies is nobody's business; a reader knows it
    text = TypeAdapter(RunResult).dump_json(public, indent=1).decode() + "\n"
    yield DerivedFile(name=RESULT, text=text)


def verdict_rows(counted: Tally) -> Iterator[tuple[str, ...]]:
    """Every judged prompt, by the public columns alone."""
    for prompt in counted.prompts:
        sheet, verdict = prompt.sheet, prompt.verdict
        question = sheet.entries[prompt.place].question
        checkpoint = str(sheet.checkpoint or "")
        who = (sheet.subject, checkpoint, sheet.probe, prompt.judge)
        what = (question.task, question.category, question.key)
        values = json.dumps(dict(verdict.values), sort_keys=True) if verdict else ""
        said = (verdict.outcome, verdict.kind or "", values) if verdict else ("missing", "", "")
        yield (*who, *what, prompt.response.outcome, *said, *_coherence(prompt))


def _coherence(prompt: JudgedPrompt) -> tuple[str, str]:
    measures = prompt.measures
    if measures is None:
        return ("", "")
    return (class_of(prompt.verdict, measures) or "", " ".join(measures.found))


def verdict_table(counted: Tally) -> str:
    """Every judged prompt as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(VERDICT_COLUMNS)
    writer.writerows(verdict_rows(counted))
    return text.getvalue()


def _lm_eval_files(
    sheet: Sheet, results: Mapping[str, Any], result: RunResult
) -> Iterator[DerivedFile]:
    where = f"{LM_EVAL}/{sheet.name}"
    stamp = str(result.record["started"]).replace(":", "-")
    whole = {key: value for key, value in results.items() if key != "samples"}
    whole = _without_false_groups(whole) | {"ftbench": _about(sheet, result)}
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    yield DerivedFile(name=f"{where}/results_{stamp}.json", text=text)
    for task, samples in results.get("samples", {}).items():
        lines = "".join(json.dumps(sample, ensure_ascii=False) + "\n" for sample in samples)
        yield DerivedFile(name=f"{where}/samples_{task}_{stamp}.jsonl", text=lines)


def _about(sheet: Sheet, result: RunResult) -> dict[str, Any]:
    about = {"run": result.run, "outcome": result.outcome, "words": result.words}
    who = {"subject": sheet.subject, "probe": sheet.probe, "checkpoint": sheet.checkpoint}
    return {**about, **who, "record": dict(result.record)}


def _without_false_groups(results: dict[str, Any]) -> dict[str, Any]:
    """Leave out group figures where a verdict is missing: lm-eval weights them wrongly then."""
    valid = [
        value
        for metrics in results.get("results", {}).values()
        for name, value in metrics.items()
        if name.startswith("judge_valid,")
    ]
    if all(value == 1.0 for value in valid):
        return results
    groups = set(results.pop("groups", {}))
    kept = {name: v for name, v in results["results"].items() if name not in groups}
    return results | {"results": kept}
