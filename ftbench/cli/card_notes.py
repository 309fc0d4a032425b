"""What a table says of its judges: their cards, and rates without the errors that they know of."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ftbench.statistics.figures import figure, label
from ftbench.statistics.result import Measure, RunResult

_USUAL_RUNS = "runs"


def card_notes(result: RunResult) -> Iterator[str]:
    """A line for each judge, then the corrected rates of the headline rows."""
    cards: Mapping[str, Any] = result.record.get("judge_cards") or {}
    for name, card in cards.items():
        yield f"Judge {name}: {_of_card(card)}" if card else _unvalidated(result, name)
    for metric in dict.fromkeys(one["metric"] for one in result.record.get("corrected") or ()):
        shown = ", ".join(_corrected(result, metric))
        if shown:
            yield f"{label(metric).capitalize()} corrected for the judge's known errors: {shown}."


def _of_card(card: Mapping[str, Any]) -> str:
    parts = []
    if card.get("weighted_kappa") is not None:
        parts.append(f"weighted kappa {card['weighted_kappa']:.2f}")
    if card.get("canaries"):
        moved, asked = card["canaries"]
        parts.append(f"canaries {moved} of {asked} moved")
    said = f": {', '.join(parts)}" if parts else ""
    return f"{card['verdict']}, card of {str(card['date'])[:10]}{said}."


def _unvalidated(result: RunResult, name: str) -> str:
    runs = str(Path(result.folder).parent) if result.folder else _USUAL_RUNS
    where = f" {shlex.quote(f'runs={runs}')}" if runs != _USUAL_RUNS else ""
    component = _component(result, name)
    return (
        f"Judge {name}: unvalidated judge "
        f"(make its card: ftbench judge-card judge={component}{where})"
    )


def _component(result: RunResult, name: str) -> str:
    """What the judge is called where it is chosen; a run may file it under another name."""
    judges = [p["name"] for p in result.record.get("components") or () if p["role"] == "judge"]
    filed = list(dict.fromkeys(row.judge for row in result.rows))
    components: dict[str, str] = dict(zip(filed, judges, strict=False))
    return components.get(name, name)


def _corrected(result: RunResult, metric: str) -> Iterator[str]:
    for row in (result.headline("base"), result.headline("tuned")):
        for one in result.record.get("corrected") or ():
            where = (one["subject"], one["checkpoint"], one["probe"], one["judge"], one["metric"])
            if row and where == (row.subject, row.checkpoint, row.probe, row.judge, metric):
                measure = Measure(value=one["value"], low=one["low"], high=one["high"])
                shown = figure(measure, metric)
                yield f"{row.subject} {shown.value} {shown.interval}".rstrip()
