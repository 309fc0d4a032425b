"""A check as SARIF 2.1.0: each finding at the lines of the training file, for code scanning."""

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from .check import Checked
from .telling import findings, percent, rate_after, rate_before

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"fail": "error", "warn": "warning", "pass": "none"}


def sarif(checked: Checked) -> str:
    """What the gate and the audits say, each with the places it is about; no row is quoted."""
    results = [*_gated(checked), *_audited(checked)]
    rules = list(dict.fromkeys(result["ruleId"] for result in results))
    driver = {
        "name": "ftbench",
        "version": version("ftbench"),
        "rules": [{"id": rule, "name": rule.replace("/", "_")} for rule in rules],
    }
    runs = [{"tool": {"driver": driver}, "results": results}]
    content = {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _gated(checked: Checked) -> Iterator[dict[str, Any]]:
    assert checked.gate is not None
    for one in checked.gate.probes:
        lines = checked.file.by_probe.get(one.asked.probe, ())
        said = (
            f"Asked as {one.asked.probe}, the harmfulness rate went from "
            f"{percent(rate_before(one))} to {percent(rate_after(one))}."
        )
        yield _result(f"gate/{one.asked.probe}", _LEVELS[one.decision], said, (checked, lines))


def _audited(checked: Checked) -> Iterator[dict[str, Any]]:
    for found in findings(checked):
        said = f"The audit {found['audit']} names {found['count']} rows. {found['note']}".strip()
        rule = f"audit/{found['audit']}"
        yield _result(rule, "warning", said, (checked, found["lines"]))


def _result(
    rule: str, level: str, said: str, where: tuple[Checked, Sequence[int]]
) -> dict[str, Any]:
    checked, lines = where
    file = {"uri": checked.file.name}
    places = [{"artifactLocation": file, "region": {"startLine": line}} for line in lines]
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": said},
        "locations": [{"physicalLocation": place} for place in places or [_whole(file)]],
    }


def _whole(file: dict[str, str]) -> dict[str, Any]:
    return {"artifactLocation": file, "region": {"startLine": 1}}
