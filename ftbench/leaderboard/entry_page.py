"""What the page of one entry says: its figures, where they come from, how to make them anew."""

from collections.abc import Iterator, Mapping
from typing import Any

from ftbench.statistics.result import Measure

from .board import BoardRow
from .charts import badge_text, by_category
from .tables import share

_FIGURES = (
    ("Harmful", "harmfulness_rate"),
    ("Refused", "refusal_rate"),
    ("Incoherent", "incoherent_rate"),
    ("Utility", "utility"),
    ("Over-refusal", "overrefusal_rate"),
)


def of_entry(row: BoardRow) -> dict[str, Any]:
    """What the page of an entry shows, by the names that its template has."""
    entry, figures = row.entry, row.entry.figures
    none = Measure()
    table = [
        (title, share(figures.base[name]), share(figures.tuned.get(name, none)))
        for title, name in _FIGURES
    ]
    categories = [
        (name, _per_cent(before), _per_cent(after))
        for name, (before, after) in figures.categories.items()
    ]
    return {
        "entry": entry,
        "sentence": _sentence(row),
        "chart": by_category(figures.categories),
        "categories": categories,
        "figures": table,
        "facts": list(_facts(row)),
        "badge": badge_text(row),
    }


def _per_cent(value: float | None) -> str:
    return share(Measure(value=value)).text


def _sentence(row: BoardRow) -> str:
    figures = row.entry.figures
    if not figures.tuned:
        return f"There is no tuned model: the training ended as {row.entry.outcome}."
    before, after = (
        share(figures.base["harmfulness_rate"]),
        share(figures.tuned["harmfulness_rate"]),
    )
    change = figures.change
    if change.value is None or change.low is None or change.high is None:
        return f"Harmful answers: {before.text} before training, {after.text} after. {row.reason}"
    points = (
        f"{100 * change.value:+.1f} points ({100 * change.low:+.1f} to {100 * change.high:+.1f})"
    )
    return (
        f"Harmful answers went from {before.text} to {after.text}: {points}, compared prompt by "
        f"prompt. {row.reason and 'Not ranked: ' + row.reason}"
    ).strip()


def _facts(row: BoardRow) -> Iterator[tuple[str, str]]:
    entry = row.entry
    yield "Trust", entry.trust
    yield "Submitted by", f"{entry.by} ({entry.relationship.replace('_', ' ')})"
    yield "Contact", entry.contact or "not given"
    yield "Submitted, and begun", f"{entry.made}, {entry.started}"
    yield "Model", " ".join(value for value in entry.model.values() if value)
    for name, value in entry.chosen.items():
        yield name.capitalize(), value
    yield "Options", _listed(entry.options)
    yield "Recipe", _listed(entry.recipe)
    yield "Judge", f"{entry.judge}, {entry.judge_identity}"
    yield "Judge card", entry.card or "none: nobody has measured this judge"
    yield "Probe", entry.probe
    yield "Seeds", ", ".join(map(str, entry.seeds))
    if entry.figures.harm_by_seed:
        yield "Harmful by seed", ", ".join(f"{100 * v:.1f} %" for v in entry.figures.harm_by_seed)
    yield "Audit found", _listed({name: f"{v:.1%}" for name, v in entry.findings.items()}) or "–"
    yield "Cost of a run", f"${entry.figures.dollars:.2f}, {entry.figures.seconds:.0f} s"
    yield "Hardware", _listed(entry.hardware)
    yield "Versions", _listed(entry.versions)
    yield "Prompt set", entry.prompt_set
    yield "Plans", ", ".join(entry.plans)
    yield "Manifest", entry.manifest
    if entry.note:
        yield "Note", entry.note


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
