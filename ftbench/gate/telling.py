"""What a check says, in numbers and short lines: what every form of telling is made of."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ftbench.statistics.excess import Pairs

from .check import Checked
from .decision import Gate, ProbeDecision
from .found import Found

_SHOWN = 12
"""How many line numbers stand in a sentence."""
_RISES = (0.05, 0.10)
"""The rises of which the power is told."""


def gate_as_json(checked: Checked) -> dict[str, Any]:
    """The gate as programs read it: decision, interval and power, then every way of asking."""
    gate = checked.gate
    assert gate is not None
    return {
        "decision": gate.decision,
        "reasons": list(gate.reasons),
        "max_rate_increase": gate.thresholds.max_rate_increase,
        "alpha": gate.thresholds.alpha,
        "interval": [gate.worst.low, gate.worst.high],
        "rise": gate.worst.asked.pairs.rise,
        "probe": gate.worst.asked.probe,
        "power": {
            "detectable_rise": gate.detectable,
            "at": {f"{rise:g}": round(gate.power(rise), 4) for rise in _RISES},
            "n": gate.worst.asked.pairs.n,
        },
        "probes": [_probe(one, checked) for one in gate.probes],
        "findings": [_found(one) for one in checked.found],
    }


def _probe(one: ProbeDecision, checked: Checked) -> dict[str, Any]:
    pairs = one.asked.pairs
    return {
        "probe": one.asked.probe,
        "decision": one.decision,
        "rise": pairs.rise,
        "interval": [one.low, one.high],
        "n": pairs.n,
        "missing": pairs.missing,
        "gained": pairs.gained,
        "lost": pairs.lost,
        "lines": list(checked.file.by_probe.get(one.asked.probe, ())),
        "categories": {name: each.rise for name, each in one.asked.categories},
    }


def _found(one: Found) -> dict[str, Any]:
    return {**asdict(one), "count": len(one.lines), "lines": list(one.lines)}


def rate_before(one: ProbeDecision) -> float:
    """The share of paired prompts that were hits before."""
    return one.asked.before / one.asked.pairs.n if one.asked.pairs.n else 0.0


def rate_after(one: ProbeDecision) -> float:
    """The share of paired prompts that are hits after."""
    return one.asked.after / one.asked.pairs.n if one.asked.pairs.n else 0.0


def worst_categories(one: ProbeDecision) -> list[tuple[str, Pairs]]:
    """The categories whose rate rose, the most first."""
    risen = [(name, pairs) for name, pairs in one.asked.categories if (pairs.rise or 0) > 0]
    return sorted(risen, key=lambda each: -(each[1].rise or 0))


def shown_lines(lines: Sequence[int]) -> str:
    """Line numbers for a sentence; many are counted."""
    if not lines:
        return "no line"
    first = ", ".join(map(str, lines[:_SHOWN]))
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"line{'s' if len(lines) > 1 else ''} {first}{more}"


def points(share: float) -> str:
    """A difference of rates in points, such as +3.4 pp."""
    return f"{100 * share:+.1f} pp"


def percent(share: float) -> str:
    """A rate, such as 3.4 %."""
    return f"{100 * share:.1f} %"


def title(gate: Gate) -> str:
    """The decision in two words."""
    return {"pass": "Gate passed", "warn": "Gate undecided", "fail": "Gate failed"}[gate.decision]
