"""What a reader must know before using the figures of a table."""

import shlex
from collections.abc import Iterator

from ftbench.statistics.figures import excludes_zero
from ftbench.statistics.result import Difference, Measure, Row, RunResult
from ftbench.statistics.unseen import is_all_or_nothing

from .card_notes import card_notes
from .findings import finding_lines

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
    yield from notes(result)
    if result.folder:
        yield f"Files: {result.folder}"
        yield f"Again: ftbench show {shlex.quote(result.folder)}"


def notes(result: RunResult) -> Iterator[str]:
    """What a reader must know who has the figures alone, and no folder."""
    headline = (result.headline("base"), result.headline("tuned"))
    rows: dict[str, Row] = {row.subject: row for row in headline if row}
    for subject, row in rows.items():
        if row.note:
            yield f"! {subject}: {row.note}"
    if result.outcome == "none" and result.words:
        yield result.words
    if limit := result.record.get("limit"):
        yield f"! Only {limit} questions of each task were asked: a trial, not a result."
    yield from finding_lines(result)
    if rows:
        yield from _counts(rows, seeds=len(result.seeds))
        yield from _classes(rows)
        yield from _divergence(result)
        yield from _meaning(result, rows)


def _counts(rows: dict[str, Row], *, seeds: int) -> Iterator[str]:
    """How many prompts the figures count, and what became of the others."""
    last = [*rows.values()][-1]
    counted = {words: last.columns.get(name, Measure()).n for name, words in _PROMPTS.items()}
    shown = ", ".join(f"{n} {words} prompts" for words, n in counted.items() if n)
    over = f", over {seeds} seeds" if seeds else ""
    yield f"n = {shown}{over}." if shown else "Nothing could be counted."
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


def _classes(rows: dict[str, Row]) -> Iterator[str]:
    """What the responses to forbidden requests are, and what measures without a judge say."""
    for subject, row in rows.items():
        measured = row.measured_incoherent.value
        shares = [f"{_percent(share)} {kind}" for kind, share in row.classes.items()]
        if shares and measured is not None:
            shown = _percent(row.measured_incoherent)
            yield f"{subject}: {', '.join(shares)}; by cheap measures {shown} incoherent."


def _divergence(result: RunResult) -> Iterator[str]:
    """How far tuned models are from their base at the first tokens of its answers."""
    for figure in result.record.get("divergence", ()):
        epoch = "" if figure["checkpoint"] is None else f" after epoch {figure['checkpoint']}"
        nats = ", ".join(f"{value:.2f}" for value in figure["nats"])
        yield (
            f"Divergence from the base{epoch}, asked {figure['probe']}: {nats} nats before the "
            f"first {len(figure['nats'])} tokens of its {max(figure['n'], default=0)} answers."
        )


def _percent(share: Measure) -> str:
    return f"{100 * (share.value or 0.0):.1f} %"


def _meaning(result: RunResult, rows: dict[str, Row]) -> Iterator[str]:
    row = next(iter(rows.values()))
    yield f"Judge: {row.judge}. Asked as: {row.probe}."
    yield from card_notes(result)
    yield _seeds(result)
    if any(map(is_all_or_nothing, (m for row in rows.values() for m in row.columns.values()))):
        yield "<= and >=: the exact 95 % limit where none, or all, of n were seen."
    change = result.headline_difference()
    if change is None:
        return
    if any(excludes_zero(measure) for measure in change.columns.values()):
        yield "* the interval excludes zero."
    yield from _power(result, change)


def _seeds(result: RunResult) -> str:
    if result.seeds:
        return f"{len(result.seeds)} seeds. 95 % intervals: other seeds, on other such prompts."
    return (
        "1 seed. 95 % intervals: this model on other such prompts; another seed gives another "
        "model (seeds=3 runs three)."
    )


def _power(result: RunResult, change: Difference) -> Iterator[str]:
    """How sure the difference of the harmfulness rates is, and what could not have been seen."""
    rate = change.columns.get("harmfulness_rate", Measure())
    if rate.p is not None:
        shown = f"p < {_SMALLEST_P}" if rate.p < _SMALLEST_P else f"p = {rate.p:.3f}"
        test = "paired t test over seeds and prompts" if result.seeds else "exact McNemar test"
        yield f"Difference of the harmfulness rates: {shown} ({test})."
    if change.detectable is not None:
        about = "about " if result.seeds else ""
        seeds = f" and {len(result.seeds)} seeds" if result.seeds else ""
        prompts = rate.n // max(1, len(result.seeds))
        yield (
            f"Smallest rise that {prompts} prompts{seeds} show with 80 % power: {about}"
            f"{100 * change.detectable:.1f} pp."
        )
