"""A result -> the sections of its report: figures and facts, never a response or a path."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ftbench.statistics.figures import figure
from ftbench.statistics.headline import RATE, Line, category_lines, column_lines
from ftbench.statistics.result import COLUMNS, RunResult

from .drawing import Bar, bars, curve

Table = tuple[tuple[str, ...], ...]
_GROUPS = ("model", "dataset", "attack", "defense", "finetune", "suite", "judge", "backend")
_MOST_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One run as its report tells it; tables begin with their header."""

    name: str
    heading: str
    outcome: str
    lines: Sequence[Line]
    categories: Sequence[Line]
    category_plot: str
    """An SVG of our own; empty where there is nothing to draw."""
    epoch_plot: str
    rows: Table
    recipe: Table
    audits: Table
    judges: Table
    cost: Table
    environment: Table
    notes: Sequence[str]
    command: str


def page_of(result: RunResult, *, notes: Sequence[str]) -> Page:
    """Everything that a reader of one run's report is told."""
    chosen = result.choices
    words = [f"{group} {chosen[group]}" for group in _GROUPS if chosen.get(group, "none") != "none"]
    return Page(
        name=result.run,
        heading=", ".join(words),
        outcome=result.failure or (result.words if result.outcome not in ("trained",) else ""),
        lines=column_lines(result),
        categories=category_lines(result),
        category_plot=bars(list(_bars(result)), title="Harmfulness rate by category"),
        epoch_plot=curve(list(_epochs(result)), title="Harmfulness rate by epoch"),
        rows=_rows(result),
        recipe=tuple((name.replace("_", " "), value) for name, value in result.recipe.items()),
        audits=_audits(result),
        judges=_judges(result),
        cost=_cost(result),
        environment=_environment(result),
        notes=tuple(notes),
        command=_command(result),
    )


def _bars(result: RunResult) -> Iterator[Bar]:
    for subject in ("base", "tuned"):
        row = result.headline(subject)
        for category, columns in (row.categories if row else {}).items():
            measure = columns.get(RATE)
            if measure is not None and measure.value is not None:
                yield Bar(
                    series=subject,
                    label=category.replace("_", " "),
                    value=measure.value,
                    low=measure.value if measure.low is None else measure.low,
                    high=measure.value if measure.high is None else measure.high,
                )


def _epochs(result: RunResult) -> Iterator[Bar]:
    tuned = result.headline("tuned")
    if tuned is None:
        return
    for row in result.rows:
        measure = row.columns.get(RATE)
        is_ours = (row.probe, row.judge) == (tuned.probe, tuned.judge)
        if is_ours and row.subject != "hardened" and measure and measure.value is not None:
            epoch = row.checkpoint or 0
            yield Bar(
                series="rate",
                label=str(epoch),
                value=measure.value,
                low=measure.value if measure.low is None else measure.low,
                high=measure.value if measure.high is None else measure.high,
            )


def _rows(result: RunResult) -> Table:
    header = ("subject", "epoch", "probe", "judge", *COLUMNS)
    lines = [
        (
            row.subject,
            str(row.checkpoint or ""),
            row.probe,
            row.judge,
            *(figure(row.columns.get(column), column).value for column in COLUMNS),
        )
        for row in result.rows
    ]
    return (tuple(word.replace("_", " ") for word in header), *lines) if lines else ()


def _audits(result: RunResult) -> Table:
    told = result.record.get("findings") or []
    lines = []
    for one in told:
        rows, more = one["rows"][:_MOST_LINES], one["count"] - _MOST_LINES
        shown = ", ".join(map(str, rows)) + (f" and {more} more" if more > 0 else "")
        kind = one["kind"].replace("_", " ")
        lines.append((one["audit"], kind, str(one["count"]), shown, one["note"]))
    return (("audit", "kind", "rows", "which, counted from 1", "note"), *lines) if lines else ()


def _judges(result: RunResult) -> Table:
    cards: dict[str, Any] = result.record.get("judge_cards") or {}
    lines = [(name, _card(card)) for name, card in cards.items()]
    return (("judge", "card"), *lines) if lines else ()


def _card(card: dict[str, Any] | None) -> str:
    if card is None:
        return "no card: nobody measured how far this judge can be trusted"
    parts = [f"{key.replace('_', ' ')}: {value}" for key, value in _plain(card)]
    return "; ".join(parts)


def _plain(card: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in card.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield key, f"{value:.3g}" if isinstance(value, float) else str(value)


def _cost(result: RunResult) -> Table:
    seconds: dict[str, float] = result.record.get("seconds") or {}
    lines = [(stage, f"{taken:.1f} s") for stage, taken in seconds.items()]
    dollars = result.record.get("dollars")
    return (*lines, ("paid", f"${dollars}" if dollars else "$0"))


def _environment(result: RunResult) -> Table:
    record = result.record
    model: dict[str, Any] = record.get("model") or {}
    facts = {
        "begun": record.get("started"),
        "model": " ".join(str(model.get(k) or "") for k in ("name", "revision")).strip(),
        "model digest": model.get("digest"),
        "plan": record.get("plan"),
        "training set": record.get("training_set"),
        "training rows": record.get("training_rows"),
        "question set": record.get("question_set"),
        "questions": record.get("questions"),
        "python": record.get("python"),
        "platform": record.get("platform"),
        **{name: version for name, version in (record.get("versions") or {}).items()},
        **{
            f"{one['role']} {one['name']}": f"{one['package']} {one['version']}"
            for one in record.get("components") or []
        },
    }
    return tuple((name, str(value)) for name, value in facts.items() if value not in (None, ""))


def _command(result: RunResult) -> str:
    """The words that ask for the same; options that no result tells are the run's own."""
    words = [f"{g}={result.choices[g]}" for g in _GROUPS if result.choices.get(g)]
    words = [w.replace("=", "=[", 1).replace("+", ",") + "]" if "+" in w else w for w in words]
    for name, told in result.recipe.items():
        if told.endswith("(the user)"):
            words.append(f"finetune.{name}={told.removesuffix(' (the user)')}")
    seeds = result.seeds
    seed = f"seeds={len(seeds)}" if seeds else f"seed={result.record.get('seed', 0)}"
    return " ".join(["ftbench", *words, seed])
