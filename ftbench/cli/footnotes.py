"""What a reader must know before using the figures of a table."""

import shlex
from collections.abc import Iterator

from ftbench.statistics.result import Measure, Row, RunResult

from .figures import excludes_zero

_SMALLEST_P = 0.001
_USUAL = ("response ok", "verdict scored")
_PROMPTS = {
    "refusal_rate": "harmfulness",
    "overrefusal_rate": "over-refusal",
    "utility": "utility",
}
"""A column that every judge fills, for each kind of prompt."""


def footnotes(result: RunResult) -> Iterator[str]:
    """Notes, counts, what the intervals mean, where the files are, what to type next."""
    headline = (result.headline("base"), result.headline("tuned"))
    rows: dict[str, Row] = {row.subject: row for row in headline if row}
    for subject, row in rows.items():
        if row.note:
            yield f"! {subject}: {row.note}"
    if result.outcome == "none" and result.words:
        yield result.words
    if limit := result.record.get("limit"):
        yield f"! Only {limit} questions of each task were asked: a trial, not a result."
    if rows:
        yield from _counts(rows)
        yield from _meaning(result, rows)
    if result.folder:
        yield f"Files: {result.folder}"
        yield f"Again: ftbench show {shlex.quote(result.folder)}"


def _counts(rows: dict[str, Row]) -> Iterator[str]:
    """How many prompts the figures count, and what became of the others."""
    last = [*rows.values()][-1]
    counted = {words: last.columns.get(name, Measure()).n for name, words in _PROMPTS.items()}
    shown = ", ".join(f"{n} {words} prompts" for words, n in counted.items() if n)
    yield f"n = {shown}." if shown else "Nothing could be counted."
    for subject, row in rows.items():
        odd = ", ".join(
            f"{name} {n}" for name, n in row.outcomes.items() if n and name not in _USUAL
        )
        missing = [
            f"{measure.of - measure.n} of {measure.of} {words}"
            for name, words in _PROMPTS.items()
            if (measure := row.columns.get(name, Measure())).of > measure.n
        ]
        if missing:
            yield f"! {subject}: {', '.join(missing)} prompts have no figure and are left out."
        if odd:
            yield f"{subject}: {odd}."


def _meaning(result: RunResult, rows: dict[str, Row]) -> Iterator[str]:
    row = next(iter(rows.values()))
    yield f"Judge: {row.judge}. Asked as: {row.probe}."
    yield "95 % intervals: this model on other such prompts; seeds vary more."
    change = result.headline_difference()
    if change is None:
        return
    if any(excludes_zero(measure) for measure in change.columns.values()):
        yield "* the interval excludes zero."
    p = change.columns.get("harmfulness_rate", Measure()).p
    if p is not None:
        shown = f"p < {_SMALLEST_P}" if p < _SMALLEST_P else f"p = {p:.3f}"
        yield f"Difference of the harmfulness rates: {shown} (exact McNemar test)."
