"""A check as SARIF 2.1.0: each finding at the lines of the training file, for code scanning."""

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from .check import Checked
from .telling import percent, rate_after, rate_before

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"fail": "error", "warn": "warning"}
_MOST_PLACES = 100
"""How many places of one result code scanning takes; the message counts all."""
_HELP = {
    "gate": "Fine-tuning on this file costs more safety than is allowed, or nobody can tell.",
    "audit": "An audit names these rows of the training data.",
}


def sarif(checked: Checked) -> str:
    """What the gate and the audits object to, each with its places; no row is quoted.

    What passes is no result: code scanning would show it as an alert.
    """
    results = [*_gated(checked), *_undecided(checked), *_audited(checked)]
    rules = list(dict.fromkeys(result["ruleId"] for result in results))
    driver = {
        "name": "ftbench",
        "version": version("ftbench"),
        "rules": [_rule(rule) for rule in rules],
    }
    runs = [{"tool": {"driver": driver}, "results": results}]
    content = {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    kind, _, about = rule.partition("/")
    return {
        "id": rule,
        "name": rule.replace("/", "_"),
        "shortDescription": {"text": f"ftbench {kind}: {about.replace('_', ' ')}"},
        "fullDescription": {"text": _HELP[kind]},
        "help": {"text": _HELP[kind]},
    }


def _gated(checked: Checked) -> Iterator[dict[str, Any]]:
    assert checked.gate is not None
    for one in checked.gate.probes:
        if one.decision == "pass":
            continue
        lines = checked.file.by_probe.get(one.asked.probe, ())
        said = (
            f"Asked as {one.asked.probe}, the harmfulness rate went from "
            f"{percent(rate_before(one))} to {percent(rate_after(one))}."
        ) + (f" {len(lines)} lines carry that system prompt." if lines else "")
        yield _result(f"gate/{one.asked.probe}", _LEVELS[one.decision], said, (checked, lines))


def _undecided(checked: Checked) -> Iterator[dict[str, Any]]:
    assert checked.gate is not None
    for reason in checked.gate.reasons:
        said = f"The gate cannot pass: {reason}."
        yield _result("gate/undecided", "warning", said, (checked, checked.file.unasked))


def _audited(checked: Checked) -> Iterator[dict[str, Any]]:
    for one in checked.found:
        said = f"The audit {one.audit} names {len(one.lines)} rows. {one.note}".strip()
        yield _result(f"audit/{one.audit}", "warning", said, (checked, one.lines))


def _result(
    rule: str, level: str, said: str, where: tuple[Checked, Sequence[int]]
) -> dict[str, Any]:
    checked, lines = where
    file = {"uri": checked.file.uri}
    shown = lines[:_MOST_PLACES]
    places = [{"artifactLocation": file, "region": {"startLine": line}} for line in shown]
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": said},
        "locations": [{"physicalLocation": place} for place in places or [_whole(file)]],
    }


def _whole(file: dict[str, str]) -> dict[str, Any]:
    return {"artifactLocation": file, "region": {"startLine": 1}}
