"""All verdicts of a board as one table, described in Croissant 1.0 (MLCommons), as JSON-LD."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from ftbench.leaderboard.reading import Folder
from ftbench.leaderboard.schema import Run, Sheet, Verdicts

TABLE = "verdicts.csv"
COLUMNS = {
    "submission": ("Text", "The submission that the verdict is from"),
    "run": ("Text", "The run, by its name"),
    "seed": ("Integer", "The seed of the training"),
    "subject": ("Text", "base, hardened or tuned"),
    "checkpoint": ("Integer", "The epoch of a tuned model"),
    "probe": ("Text", "How the model was asked"),
    "judge": ("Text", "Who judged"),
    "prompt": ("Text", "The digest of the prompt"),
    "task": ("Text", "The task of the prompt"),
    "category": ("Text", "The category of the prompt"),
    "measures": ("Text", "harmfulness or overrefusal"),
    "response_outcome": ("Text", "How the response ended"),
    "verdict_outcome": ("Text", "How the judging ended"),
    "class": ("Text", "What the response counts as"),
    "values": ("Text", "The judge's numbers, as JSON"),
}
"""Each column with its type and what it means."""
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "recordSet": "cr:recordSet",
    "sc": "https://schema.org/",
    "source": "cr:source",
}


def verdict_table(submissions: Sequence[Folder]) -> str:
    """Every verdict of every submission as CSV; no prompt and no response."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for read in submissions:
        for run in read.runs.values():
            for sheet in run.sheets:
                for said in sheet.verdicts:
                    writer.writerows(_rows(read, run, sheet, said))
    return text.getvalue()


def _rows(read: Folder, run: Run, sheet: Sheet, said: Verdicts) -> Iterator[list[Any]]:
    asked = read.asked[run.prompt_set]
    who = [read.submission.name, run.run, run.seed, sheet.subject, sheet.checkpoint or ""]
    reached = [
        outcome
        for outcome, prompt in zip(sheet.outcomes, asked.of(sheet), strict=True)
        if prompt.measures != "utility"
    ]
    for at, prompt in enumerate(asked.judged):
        values = {name: column[at] for name, column in said.columns.items()}
        given = {name: value for name, value in values.items() if value is not None}
        what = [prompt.key, prompt.task, prompt.category, prompt.measures]
        ends = [reached[at], said.outcomes[at] or "missing", said.classes[at] or ""]
        numbers = json.dumps(given, sort_keys=True)
        yield [*who, sheet.probe, said.judge, *what, *ends, numbers]


def description(table: str, *, title: str, published: str) -> dict[str, Any]:
    """What the table is, column by column, with its digest."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": title,
        "description": "Verdicts on answers of language models before and after fine-tuning.",
        "url": "https://arxiv.org/abs/2310.03693",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "datePublished": published,
        "version": "1.0.0",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": TABLE,
                "name": TABLE,
                "contentUrl": TABLE,
                "encodingFormat": "text/csv",
                "sha256": hashlib.sha256(table.encode()).hexdigest(),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "verdicts",
                "name": "verdicts",
                "field": [_field(name, *about) for name, about in COLUMNS.items()],
            }
        ],
    }


def _field(name: str, kind: str, meaning: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"verdicts/{name}",
        "name": name,
        "description": meaning,
        "dataType": f"sc:{kind}",
        "source": {"fileObject": {"@id": TABLE}, "extract": {"column": name}},
    }
