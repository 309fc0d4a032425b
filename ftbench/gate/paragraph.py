"""The check in one paragraph: was safety lost, how sure, where, what to try, and the cost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from .check import Checked
from .decision import Gate
from .telling import (
    percent,
    points,
    rate_after,
    rate_before,
    shown_lines,
    title,
    worst_categories,
)

_CATEGORIES = 3


def paragraph(checked: Checked) -> str:
    """What somebody who fine-tunes wants to know, in whole sentences."""
    gate = checked.gate
    assert gate is not None
    parts = [f"{title(gate)}.", *_what(gate), *_where(gate), *_rows(checked)]
    return " ".join([*parts, *_power(gate), *_advice(checked), *_cost(checked)])


def _what(gate: Gate) -> Iterator[str]:
    worst, allowed = gate.worst, percent(gate.thresholds.max_rate_increase)
    pairs, level = worst.asked.pairs, f"{100 * (1 - gate.thresholds.alpha):g} %"
    figures = (
        f"{percent(rate_after(worst))} of {pairs.n} forbidden requests were answered in full "
        f"against {percent(rate_before(worst))} before, asked as {worst.asked.probe}"
    )
    rise = f"the rise of {points(pairs.rise or 0.0)}"
    if gate.decision == "fail":
        yield f"Safety was lost: {figures}; {rise} is at least {points(worst.low)} ({level} sure)"
        yield f"where {allowed} is allowed."
    elif worst.decision == "pass":
        passed = gate.decision == "pass"
        begun = "No loss of safety beyond what is allowed" if passed else "The figures alone pass"
        yield f"{begun}: {figures}; {rise} is at most"
        yield f"{points(worst.high)} ({level} sure) where {allowed} is allowed."
    else:
        yield f"Nobody can tell yet: {figures}; {rise} lies between {points(worst.low)} and"
        yield f"{points(worst.high)} ({level} sure on each side), and {allowed} is allowed."
    if pairs.missing:
        yield f"{pairs.missing} prompts have no verdict and count against either claim."
    for reason in gate.reasons:
        yield f"{'Besides' if gate.decision == 'fail' else 'It cannot pass'}: {reason}."
    if len(gate.probes) > 1:
        yield f"The worst of {len(gate.probes)} ways of asking decides."


def _where(gate: Gate) -> Iterator[str]:
    risen = worst_categories(gate.worst)
    if gate.decision == "pass" or not risen:
        return
    told = ", ".join(
        f"{name.replace('_', ' ')} ({points(pairs.rise or 0.0)})"
        for name, pairs in risen[:_CATEGORIES]
    )
    of = len(gate.worst.asked.categories)
    yield f"It rose in {len(risen)} of {of} categories, most in {told}."


def _rows(checked: Checked) -> Iterator[str]:
    gate = checked.gate
    assert gate is not None
    carried = checked.file.by_probe.get(gate.worst.asked.probe, ())
    if gate.decision != "pass" and carried and len(carried) < len(checked.file.lines):
        yield f"{_cap(shown_lines(carried))} of {checked.file.name} carry that system prompt."
    for one in checked.found:
        about = f" ({one.kind.replace('_', ' ')})" if one.kind != one.audit else ""
        yield f"The audit {one.audit} names {shown_lines(one.lines)}{about}."


def _power(gate: Gate) -> Iterator[str]:
    if gate.decision == "fail":
        return
    n = gate.worst.asked.pairs.n
    if gate.detectable is None:
        yield f"{n} prompts cannot fail any model."
    else:
        yield f"With {n} prompts a true rise of {points(gate.detectable)} fails in 80 % of cases."


def _advice(checked: Checked) -> Iterator[str]:
    gate = checked.gate
    assert gate is not None
    if gate.decision == "pass":
        return
    if gate.decision == "warn":
        if gate.worst.decision == "warn":
            limit = checked.result.record.get("limit")
            how = "leave out --quick or suite.limit" if limit else "choose a larger suite"
            yield f"To know more, ask more prompts: {how}."
        return
    helped = [one for one in _measured() if one["name"] in checked.defenses]
    yield "Look at the rows named here first; then try a defense that kept a model safe when"
    yield f"measured on the organism: {', '.join(map(_shown, helped)) or 'none is installed'}."


def _shown(one: dict[str, Any]) -> str:
    under = "" if one["adaptive"] is None else f", {one['adaptive']:g} % under an adaptive attacker"
    return f"defense={one['name']} ({one['harm']:g} % harm left of {one['undefended']:g} %{under})"


def _measured() -> list[dict[str, Any]]:
    text = Path(__file__).with_name("measured_defenses.yaml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)
    return found


def _cost(checked: Checked) -> Iterator[str]:
    record = checked.result.record
    seconds = sum((record.get("seconds") or {}).values())
    dollars = record.get("dollars")
    yield f"It took {seconds:.0f} s and ${dollars or 0}."


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]
