"""A run's result -> its folder: public figures, private lm-eval files; all can be made again."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from ftbench.errors import StorageError
from ftbench.statistics.result import RunResult

from .folder import RunFolder
from .sheet import Sheet
from .tally import Tally

RESULT = "result.json"
VERDICTS = "verdicts.csv"
VERDICT_COLUMNS = (
    *("subject", "checkpoint", "probe", "judge", "task", "category", "question"),
    *("response_outcome", "verdict_outcome", "kind", "values"),
)
"""The public columns by allow-list: never a prompt, a response or a rationale."""


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def save(folder: RunFolder, result: RunResult, counted: Tally) -> None:
    """Write everything a reader of the run may want; overwrites what an earlier try wrote."""
    composed = folder.ledger.fact("composed")
    text = yaml.safe_dump(composed, sort_keys=False, allow_unicode=True)
    write_atomically(folder.private / "config.yaml", text)
    write_atomically(folder.public / VERDICTS, verdict_table(counted))
    for sheet, results in counted.lm_eval:
        _write_lm_eval(folder, sheet, results, result)
    write_atomically(folder.public / RESULT, result_text(result))


def result_text(result: RunResult) -> str:
    """A result as JSON text; ``archive.reading`` reads it back."""
    return TypeAdapter(RunResult).dump_json(result, indent=1).decode() + "\n"


def verdict_table(counted: Tally) -> str:
    """Every judged prompt as CSV, by the public columns alone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(VERDICT_COLUMNS)
    for prompt in counted.prompts:
        sheet, verdict = prompt.sheet, prompt.verdict
        question = sheet.entries[prompt.place].question
        who = (sheet.subject, sheet.checkpoint or "", sheet.probe, prompt.judge)
        what = (question.task, question.category, question.key)
        values = json.dumps(dict(verdict.values), sort_keys=True) if verdict else ""
        said = (verdict.outcome, verdict.kind or "", values) if verdict else ("missing", "", "")
        writer.writerow((*who, *what, prompt.response.outcome, *said))
    return text.getvalue()


def _write_lm_eval(
    folder: RunFolder, sheet: Sheet, results: Mapping[str, Any], result: RunResult
) -> None:
    where = folder.private / "lm_eval" / sheet.name
    stamp = str(result.record["started"]).replace(":", "-")
    whole = {key: value for key, value in results.items() if key != "samples"}
    whole = _without_false_groups(whole) | {"ftbench": _about(sheet, result)}
    text = json.dumps(whole, indent=2, ensure_ascii=False)
    write_atomically(where / f"results_{stamp}.json", text)
    for task, samples in results.get("samples", {}).items():
        lines = [json.dumps(sample, ensure_ascii=False) + "\n" for sample in samples]
        write_atomically(where / f"samples_{task}_{stamp}.jsonl", "".join(lines))


def _about(sheet: Sheet, result: RunResult) -> dict[str, Any]:
    about = {"run": result.run, "subject": sheet.subject, "probe": sheet.probe}
    return {**about, "checkpoint": sheet.checkpoint, "record": dict(result.record)}


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
