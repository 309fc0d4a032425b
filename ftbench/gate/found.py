"""The folder of a run -> what its audits found, by lines of the training file."""

from dataclasses import dataclass
from pathlib import Path

from ftbench.archive.opening import opened
from ftbench.stages.audit import told_findings

from .file import TrainingFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Rows that an audit names; nothing of what they say."""

    audit: str
    kind: str
    share: float
    note: str
    lines: tuple[int, ...]
    """All of them, however many."""


def read_found(folder: Path, file: TrainingFile) -> tuple[Found, ...]:
    """Every finding that names a row; the ledger has all rows, a result only the first."""
    with opened(folder) as run:
        told = told_findings(run.ledger, most=None)
    return tuple(
        Found(
            audit=one["audit"],
            kind=one["kind"],
            share=one["share"],
            note=one["note"],
            lines=tuple(file.line(row) for row in one["rows"]),
        )
        for one in told
        if one["rows"]
    )
