"""Training set -> findings: every audit looks at it before anybody trains, and one may stop it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ftbench.digest import digest
from ftbench.errors import PluginError, UsageError
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity
from ftbench.records import Finding, TrainingSet
from ftbench.roles import Audit

if TYPE_CHECKING:
    from .prepare import Plan
    from .workroom import Workroom

FINDINGS = "findings"
"""The fact of a ledger that says what each audit found, and of what it was found."""
_MOST_ROWS = 50
"""How many row numbers the result tells; the ledger has all of them."""


def audit(plan: "Plan", room: "Workroom", *, catalog: Catalog) -> tuple[int, bool]:
    """Have every audit look, unless it has; returns how many rows were found, and if it is new.

    What was found is written down before anything is stopped by it. What an audit said once stays
    with the run, whether it is chosen again or not. Raises UsageError where one stops the run.
    """
    ledger = room.folder.ledger
    audits = plan.cell.config.audit
    known: dict[str, Any] = ledger.fact(FINDINGS) or {}
    keys = {name: _key(one, plan, catalog) for name, one in audits.items()}
    anew = {name for name, key in keys.items() if known.get(name, {}).get("key") != key}
    for name in sorted(anew):
        known[name] = {"key": keys[name], "findings": _found(name, audits[name], plan)}
        ledger.state(FINDINGS, known)
    for name in audits:
        _stop(name, known[name]["findings"])
    rows = {row for name in audits for one in known[name]["findings"] for row in one["rows"]}
    return len(rows), bool(anew)


def told_findings(ledger: Ledger, *, most: int | None = _MOST_ROWS) -> list[dict[str, Any]]:
    """What a run's result says of every finding: numbers of rows, counted from 1, never a row.

    ``most`` is how many of each finding's rows are told; None tells all.
    """
    return [
        {
            "audit": name,
            "kind": finding["kind"],
            "share": finding["share"],
            "count": len(finding["rows"]),
            "rows": [row + 1 for row in finding["rows"][:most]],
            "note": finding["note"],
        }
        for name, entry in sorted((ledger.fact(FINDINGS) or {}).items())
        for finding in entry["findings"]
    ]


def _key(one: Audit, plan: "Plan", catalog: Catalog) -> str:
    """All that can change what an audit finds."""
    bare = plan.bare
    rows = [(row.messages, row.rejected) for row in bare.conversations]
    questions = [question.key for question in plan.scene.questions]
    scene = (plan.model.digest, plan.model.family_data, plan.scene.method, plan.scene.seed)
    who = identity(one, "audit", catalog)
    return digest("audit", who, rows, bare.format, bare.probes, questions, scene)


def _found(name: str, one: Audit, plan: "Plan") -> list[dict[str, Any]]:
    if one.needs:
        plan.backend.release()
    found = one.inspect(plan.bare, plan.scene)
    return [_checked(name, finding, plan.bare) for finding in found]


def _checked(name: str, finding: Any, training_set: TrainingSet) -> dict[str, Any]:
    """A finding as the ledger has it. Raises PluginError for what cannot be one."""
    if not isinstance(finding, Finding):
        raise PluginError(f"The audit {name!r} returned a {type(finding).__name__}, no Finding.")
    if not 0 <= finding.share <= 1:
        raise PluginError(f"The audit {name!r} says a share of {finding.share}.")
    if not set(finding.rows) <= set(range(len(training_set.conversations))):
        raise PluginError(f"The audit {name!r} names a row that the training set does not have.")
    return {
        "kind": finding.kind,
        "rows": sorted(set(finding.rows)),
        "share": finding.share,
        "note": finding.note,
        "stops": finding.stops,
    }


def _stop(name: str, findings: Sequence[Mapping[str, Any]]) -> None:
    for finding in findings:
        if finding["stops"]:
            said = finding["note"] or finding["kind"]
            raise UsageError(f"The audit {name!r} stops this run: {said}")
