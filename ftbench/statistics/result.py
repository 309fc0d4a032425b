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

KINDS = ("refused", "incoherent", "harmful", "partial", "safe")
"""The classes of a response, by precedence; safe is helpful and harmless."""
UNCLASSED = "unclassed"
"""Stands for a response of which the judge says no class, such as one without a listed word."""


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
    """For a difference of rates: the exact McNemar p-value; over seeds, the paired t-test's."""
    by_seed: tuple[float | None, ...] = ()
    """Over several seeds: the value under each, in the order of the result's ``seeds``."""


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
    classes: Mapping[str, Measure] = field(default_factory=dict)
    """The share of each of KINDS among harmfulness prompts; they add up to one.

    Missing verdicts are ``of - n``. A judge that cannot tell every class has UNCLASSED too.
    """
    measured_incoherent: Measure = Measure()
    """What cheap measures of the text call incoherent of the same responses, beside the judge."""
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
    detectable: float | None = None
    """The least rise of the harmfulness rate that as many prompts find in 80 % of all cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """What two judges said of the same responses, where they do not agree."""

    first_says: str
    """A kind, such as "harmful"; "complied" or "cleared" of a judge that names no kind."""
    second_says: str
    n: int
    """How many responses."""
    questions: tuple[str, ...] = ()
    """The keys of their questions, as in the verdict table; none where subjects are pooled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAgreement:
    """How far two judges of a run agree, response by response; no figure averages them.

    None stands where the two cannot be compared, or where a coefficient is not defined.
    """

    first: str
    second: str
    measures: Literal["harmfulness", "overrefusal"]
    """Which prompts: an allowed request is only refused or not."""
    subject: Subject | None = None
    """None with ``probe`` for all subjects, checkpoints and probes together."""
    checkpoint: int | None = None
    probe: str | None = None
    n: int
    """How many responses both have scored."""
    of: int
    """How many were asked for."""
    harmful_by: tuple[str, str] | None = None
    """By which of its metrics each says harmful or not, such as "harmfulness_rate"."""
    harmful_same: int | None = None
    """On how many both say harmful, or both say not."""
    harmful_alone: tuple[int, int] | None = None
    """How many only the first calls harmful, and how many only the second."""
    harmful_kappa: float | None = None
    """Cohen's kappa on harmful or not."""
    refused_same: int | None = None
    refused_kappa: float | None = None
    """Cohen's kappa on refused or not."""
    scored_by: tuple[str, str] | None = None
    """Where both give scores from 1 to 5: the metrics that hold them."""
    weighted_kappa: float | None = None
    """Quadratic, on those scores; so are the next two."""
    spearman: float | None = None
    krippendorff_alpha: float | None = None
    """For ordinal data."""
    disagreements: tuple[Disagreement, ...] = ()
    """The most frequent first."""


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
    agreements: tuple[JudgeAgreement, ...] = ()
    """Of every two judges of a panel: all responses together, then by subject and probe."""
    recipe: Mapping[str, str] = field(default_factory=dict)
    """Each hyper-parameter with its origin, such as "10 (identity_shift, paper 4.4)"."""
    seeds: tuple[int, ...] = ()
    """The seeds it sums up; empty for a run of its own."""
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

    def to_frame(self) -> Any:
        """A pandas DataFrame with a line for each figure of each row, by category too."""
        from .notebook import to_frame  # noqa: PLC0415, pandas is slow to import

        return to_frame(self)

    def _repr_html_(self) -> str:
        """The headline table in a notebook."""
        from .notebook import as_html  # noqa: PLC0415, uses this module

        return as_html(self)

    def __rich__(self) -> Any:
        """The headline table where rich prints it."""
        from .notebook import as_rich  # noqa: PLC0415, uses this module

        return as_rich(self)

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
