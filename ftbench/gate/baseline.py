"""Earlier checks in a file that the user keeps: what has changed from version to version."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ftbench.errors import DataError, UsageError
from ftbench.stages.save import write_atomically

from .check import Checked
from .telling import percent, rate_after, rate_before

_VERSION = 1


class Entry(BaseModel):
    """One check: figures only, and what they are comparable with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    date: str
    decision: str
    model: str
    question_set: str
    judge: str
    before: dict[str, float]
    after: dict[str, float]
    n: dict[str, int]
    wordings: dict[str, str]
    """A digest of each way of asking that is the file's own: its name says only how frequent."""

    def after_as(self, probe: str, other: "Entry") -> float | None:
        """The rate when asked as another check asked; None where nobody asked so."""
        wording = other.wordings.get(probe, probe)
        ours = (one for one in self.after if self.wordings.get(one, one) == wording)
        return next((self.after[one] for one in ours), None)


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    checks: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """All checks that were recorded, the oldest first."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """The checks in a file; none where there is no file yet. Raises DataError."""
        if not path.exists():
            return cls()
        try:
            content = _Content.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            raise DataError(f"{path} is no baseline of this version of ftbench.") from error
        if content.version != _VERSION:
            raise DataError(f"{path} is a baseline of version {content.version}, not {_VERSION}.")
        return cls(entries=content.checks)

    def refuse_taken(self, name: str | None) -> None:
        """Raise UsageError for a name that an earlier check has."""
        if any(entry.name == name for entry in self.entries):
            raise UsageError(f"The baseline has a check named {name!r}: --record another name.")

    def with_check(self, name: str, checked: Checked) -> "Baseline":
        """The same with one more check. Raises UsageError for a name that is taken."""
        self.refuse_taken(name)
        return Baseline(entries=(*self.entries, _entry(name, checked)))

    def write(self, path: Path) -> None:
        """Write the file anew; the user commits it."""
        content = _Content(version=_VERSION, checks=self.entries)
        write_atomically(path, content.model_dump_json(indent=1) + "\n")

    def trend(self, checked: Checked) -> list[str]:
        """A line for each way of asking: the rate of every comparable check, then this one's."""
        current = _entry("now", checked)
        alike = [one for one in self.entries if _kind(one) == _kind(current)]
        lines = []
        if len(alike) < len(self.entries):
            other = len(self.entries) - len(alike)
            lines.append(f"{other} recorded checks used other prompts, judge or model.")
        for probe, now in current.after.items():
            rates = [(one.name, one.after_as(probe, current)) for one in alike]
            known = [f"{name} {percent(rate)}" for name, rate in rates if rate is not None]
            steps = [*known, f"now {percent(now)}"]
            if known:
                lines.append(f"Trend asked as {probe}: {' -> '.join(steps)}")
        return lines or ["The baseline has no check to compare with yet."]


def _entry(name: str, checked: Checked) -> Entry:
    gate, record = checked.gate, checked.result.record
    assert gate is not None
    tuned = checked.result.headline("tuned")
    model: dict[str, Any] = record.get("model") or {}
    return Entry(
        name=name,
        date=datetime.now(UTC).date().isoformat(),
        decision=gate.decision,
        model=str(model.get("digest", "")),
        question_set=str(record.get("question_set", "")),
        judge=tuned.judge if tuned else "",
        before={one.asked.probe: rate_before(one) for one in gate.probes},
        after={one.asked.probe: rate_after(one) for one in gate.probes},
        n={one.asked.probe: one.asked.pairs.n for one in gate.probes},
        wordings=dict(checked.file.wordings),
    )


def _kind(entry: Entry) -> tuple[str, str, str]:
    return entry.model, entry.question_set, entry.judge
