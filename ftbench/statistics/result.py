"""What a run measured: figures with their intervals, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Subject = Literal["base", "hardened", "tuned"]

COLUMNS = (
    "harmfulness_score",
    "harmfulness_rate",
    "refusal_rate",
    "incoherent_rate",
    "utility",
    "overrefusal_rate",
)
"""The columns every result has; rates and utility are fractions, the score goes from 1 to 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure and its 95 % interval; None where nothing was measured."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    """How many responses the figure counts."""
    of: int = 0
    """How many were asked for; more than ``n`` when some could not be judged."""
    p: float | None = None
    """For a difference of rates: the exact McNemar p-value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One subject, asked one way, judged by one judge."""

    subject: Subject
    checkpoint: int | None = None
    """The epoch, for a tuned model."""
    probe: str
    judge: str
    columns: Mapping[str, Measure]
    """COLUMNS, and the judge's own metrics where it has others."""
    categories: Mapping[str, Mapping[str, Measure]] = field(default_factory=dict)
    """By category of the harmfulness tasks."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """How many responses and verdicts ended how, such as "response ok" or "verdict unparsable"."""
    note: str = ""
    """What a reader must know before using the row, such as "broken baseline"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A tuned row minus the base row of the same probe and judge, prompt by prompt."""

    checkpoint: int | None
    probe: str
    judge: str
    columns: Mapping[str, Measure]
    categories: Mapping[str, Mapping[str, Measure]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The outcome of one run."""

    run: str
    """The name of its folder."""
    folder: str
    choices: Mapping[str, str]
    """What was chosen in each config group."""
    outcome: str
    """trained, none (nothing to train on), or why there is no tuned model."""
    words: str = ""
    """In words, where the outcome is not trained."""
    rows: tuple[Row, ...] = ()
    differences: tuple[Difference, ...] = ()
    recipe: Mapping[str, str] = field(default_factory=dict)
    """Each hyper-parameter with its origin, such as "10 (identity_shift, paper 4.4)"."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """Versions, digests, dates, durations and what else is needed to judge or repeat the run."""
    failure: str = ""
    """What went wrong, where the run did not finish."""
    exit_code: int = 0

    def headline(self, subject: Subject) -> Row | None:
        """The row of a subject under the first judge, the first probe and the last checkpoint."""
        rows = [row for row in self.rows if row.subject == subject]
        if not rows:
            return None
        first = [row for row in rows if (row.judge, row.probe) == (rows[0].judge, rows[0].probe)]
        return max(first, key=lambda row: row.checkpoint or 0)

    def headline_difference(self) -> Difference | None:
        """Tuned minus base for the headline rows."""
        tuned = self.headline("tuned")
        if tuned is None:
            return None
        where = (tuned.checkpoint, tuned.probe, tuned.judge)
        for difference in self.differences:
            if (difference.checkpoint, difference.probe, difference.judge) == where:
                return difference
        return None
