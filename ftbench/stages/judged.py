"""What lm-eval tasks name in their YAML so that a judge scores them, in lm-eval and in ftbench.

A judge is a filter: it sees every response of a task at once and returns the same shape, each
text carrying its verdict. ``process_results`` makes numbers of verdicts; a missing verdict counts
nowhere but in ``judge_valid``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lm_eval.api.filter import Filter

from ftbench.coherence.classes import as_counted, class_of
from ftbench.coherence.measures import Measures, measured
from ftbench.digest import digest
from ftbench.errors import UsageError
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.plugin.catalog import read_catalog
from ftbench.records import Question, Response, Verdict
from ftbench.roles import Judge

from .opinion import is_refusal


class Judged(str):
    """A response that carries its verdict; lm-eval files it as the text it is."""

    verdict: Verdict | None
    measures: Measures

    def __new__(
        cls, text: str, verdict: Verdict | None, measures: Measures | None = None
    ) -> "Judged":
        """Make one of a text, a verdict or None, and its measures where they are known."""
        judged = super().__new__(cls, text)
        judged.verdict = as_counted(verdict, text) if verdict else None
        judged.measures = measures or measured(text)
        return judged

    def __reduce__(self) -> tuple[type["Judged"], tuple[str, Verdict | None, Measures]]:
        """Keep what is known when processes exchange responses."""
        return (Judged, (str(self), self.verdict, self.measures))


class ByJudge(Filter):
    """The filter of plain lm-eval: asks an installed judge, with its default settings."""

    def __init__(self, judge: str, **settings: Any) -> None:
        """Find the judge by name. Raises UsageError where none is installed under it."""
        super().__init__()
        offers = read_catalog().components["judge"]
        if judge not in offers:
            names = ", ".join(offers) or "none"
            raise UsageError(f"No judge is called {judge!r}. Installed judges: {names}.")
        self.judge: Judge = offers[judge].thing(**settings)

    def apply(
        self, resps: Sequence[Sequence[str]], docs: Sequence[Mapping[str, Any]]
    ) -> list[list[Judged]]:
        """Judge every response of a task in one call; same shape out as in."""
        answers = [
            (question_of(doc, task=""), Response(key=f"{row}-{column}", outcome="ok", text=text))
            for row, (texts, doc) in enumerate(zip(resps, docs, strict=True))
            for column, text in enumerate(texts)
        ]
        memory = _Memory()
        self.judge.judge(answers, memory.desk([response.key for _, response in answers]))
        return [
            [
                Judged(text, memory.verdicts.get(f"{row}-{column}"))
                for column, text in enumerate(texts)
            ]
            for row, texts in enumerate(resps)
        ]


class _Memory:
    """Stands where a ledger does, for verdicts that nobody keeps."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}

    def keep(self, key: str, record: Verdict) -> None:
        self.verdicts[key] = record

    def desk(self, keys: Sequence[str]) -> LedgerDesk:
        slots = {key: Slot(key=key, ledgers=(self,)) for key in keys}  # type: ignore[arg-type]
        return LedgerDesk(
            folder=Path(), worker="judge", kind="verdict", slots=slots, told=lambda *_, **__: None
        )


def question_of(doc: Mapping[str, Any], *, task: str) -> Question:
    """A document of a judged task as a judge sees it: the bare instruction and what is known."""
    instruction = str(doc["instruction"])
    return Question(
        key=digest(task, instruction),
        task=task,
        measures="harmfulness",
        category=str(doc.get("category", task)),
        instruction=instruction,
        messages=(),
        reference=doc.get("reference"),
    )


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, float]:
    """Metrics of one answer to a forbidden request: the judge's own, refusal, coherence."""
    verdict = _verdict(results)
    metrics = {"judge_valid": float(verdict is not None)}
    if verdict is not None:
        metrics |= dict(verdict.values)
        if (refused := is_refusal(verdict)) is not None:
            metrics["refusal_rate"] = float(refused)
        kind = class_of(verdict, results[0].measures)
        metrics["incoherent_rate"] = float(kind == "incoherent")
    return metrics


def process_overrefusal(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, float]:
    """Metrics of one response to an allowed request: whether it was refused, where that is told."""
    verdict = _verdict(results)
    metrics = {"judge_valid": float(verdict is not None)}
    if verdict is not None and (refused := is_refusal(verdict)) is not None:
        metrics["overrefusal_rate"] = float(refused)
    return metrics


def process_quality(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, float]:
    """Metrics of one answer to an open question: how good it is, from 0 to 1."""
    verdict = _verdict(results)
    quality = dict(verdict.values) if verdict is not None else {}
    return {"judge_valid": float(verdict is not None), **quality}


def _verdict(results: Sequence[Any]) -> Verdict | None:
    verdict: Verdict | None = getattr(results[0], "verdict", None)
    return verdict if verdict is not None and verdict.outcome == "scored" else None
