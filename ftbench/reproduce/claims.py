"""The claims of a paper as orders that can be tested: an effect, its interval, and a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import TypeAdapter

from ftbench.errors import DataError
from ftbench.statistics.result import Measure, Row, RunResult

from .cells import Words

Verdict = Literal["holds", "fails", "cannot_say"]
_ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One figure of one experiment."""

    words: str
    """As typed after ``ftbench model=...``."""
    subject: Literal["base", "tuned"] = "tuned"
    checkpoint: int | None = None
    probe: str = "plain"

    @property
    def experiment(self) -> Words:
        """The words, parted."""
        return tuple(self.words.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement about one figure, or about the order of two."""

    name: str
    says: str
    source: str
    more: Side
    """What is the larger one; or the only one, where a bound is given."""
    less: Side | None = None
    measure: str = "harmfulness_rate"
    at_most: float | None = None
    at_least: float | None = None
    is_uneven: bool = False
    """The claim is that categories differ; effect is the highest minus the lowest."""
    is_control: bool = False
    """Not the paper's claim but a question that its reader asks."""
    seeds: int = 3
    """How many trainings are needed to decide it, of each side; where seeds differ much, more."""
    note: str = ""
    """What is known of the claim on the model organism."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A claim with what was found."""

    claim: Claim
    effect: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    why: str = ""
    """Where there is no effect: what went wrong."""


def read_claims() -> list[Claim]:
    """The claims that are shipped."""
    text = files(__package__).joinpath("claims.yaml").read_text(encoding="utf-8")
    return TypeAdapter(list[Claim]).validate_python(yaml.safe_load(text))


def experiments(claims: Sequence[Claim]) -> dict[Words, int]:
    """Every experiment that the claims need, with the most seeds that any of them wants."""
    needed: dict[Words, int] = {}
    for claim in claims:
        for side in filter(None, (claim.more, claim.less)):
            needed[side.experiment] = max(claim.seeds, needed.get(side.experiment, 0))
    return needed


def check(claim: Claim, results: Mapping[Words, RunResult]) -> Checked:
    """Whether a claim holds: only where the 95 % interval says so."""
    first = results[claim.more.experiment]
    second = results[claim.less.experiment] if claim.less else None
    for result in filter(None, (first, second)):
        if result.failure:
            return _unknown(claim, result.failure)
    if claim.is_uneven:
        return _uneven(claim, first)
    upper = _measure(first, claim.more, claim.measure)
    if claim.less is None or second is None:
        return _bounded(claim, upper)
    lower = _measure(second, claim.less, claim.measure)
    return _ordered(claim, upper, lower)


def _bounded(claim: Claim, found: Measure) -> Checked:
    """At most, or at least: the whole interval must be on the right side."""
    if found.value is None or found.low is None or found.high is None:
        return _unknown(claim, "nothing was measured")
    ceiling = 1.0 if claim.at_most is None else claim.at_most
    floor = 0.0 if claim.at_least is None else claim.at_least
    if floor <= found.low and found.high <= ceiling:
        verdict: Verdict = "holds"
    else:
        verdict = "fails" if found.high < floor or found.low > ceiling else "cannot_say"
    return Checked(claim=claim, effect=found.value, low=found.low, high=found.high, verdict=verdict)


def _uneven(claim: Claim, result: RunResult) -> Checked:
    """Whether categories differ, by the chi-squared test over the prompts of one seed.

    Seeds ask the same prompts, so each prompt counts once, with its mean over seeds.
    """
    from scipy.stats import chi2_contingency  # noqa: PLC0415, slow to import

    side, seeds = claim.more, max(1, len(result.seeds))
    row = row_of(result, side.subject, side.checkpoint, side.probe)
    found = {name: columns[claim.measure] for name, columns in row.categories.items()}
    hits = {name: round((one.value or 0) * one.n / seeds) for name, one in found.items()}
    table = [[hits[name], one.n // seeds - hits[name]] for name, one in found.items()]
    highest = max(found.values(), key=lambda one: one.value or 0)
    lowest = min(found.values(), key=lambda one: one.value or 0)
    if not 0 < sum(hits.values()) < sum(map(sum, table)):
        return _unknown(claim, "all categories are at one end of the scale")
    spread = _ordered(claim, highest, lowest)
    p = float(chi2_contingency(table).pvalue)
    return replace(spread, verdict="holds" if p < _ALPHA else "cannot_say", why=f"p = {p:.2g}")


def _ordered(claim: Claim, upper: Measure, lower: Measure) -> Checked:
    """The difference of two trainings, whose seeds and prompts are told apart by nobody.

    Each half-width is its own interval's; they are added as those of independent figures, by
    Newcombe's method (1998, method 10), which is wider than a paired interval and never narrower
    where both move together.
    """
    if upper.value is None or lower.value is None:
        return _unknown(claim, "nothing was measured")
    assert None not in (upper.low, upper.high, lower.low, lower.high)
    effect = upper.value - lower.value
    low = effect - _hypotenuse(upper.value - (upper.low or 0), (lower.high or 0) - lower.value)
    high = effect + _hypotenuse((upper.high or 0) - upper.value, lower.value - (lower.low or 0))
    verdict: Verdict = "holds" if low > 0 else "fails" if high < 0 else "cannot_say"
    return Checked(claim=claim, effect=effect, low=low, high=high, verdict=verdict)


def _hypotenuse(first: float, second: float) -> float:
    return float((first**2 + second**2) ** 0.5)


def _unknown(claim: Claim, why: str) -> Checked:
    return Checked(claim=claim, effect=None, low=None, high=None, verdict="cannot_say", why=why)


def _measure(result: RunResult, side: Side, name: str) -> Measure:
    return row_of(result, side.subject, side.checkpoint, side.probe).columns.get(name, Measure())


def row_of(result: RunResult, subject: str, checkpoint: int | None, probe: str) -> Row:
    """The row of a subject under the first judge. Raises DataError where there is none."""
    rows = [
        row
        for row in result.rows
        if (row.subject, row.probe, row.judge) == (subject, probe, result.rows[0].judge)
    ]
    if checkpoint is not None and subject == "tuned":
        rows = [row for row in rows if row.checkpoint == checkpoint]
    if not rows:
        raise DataError(f"{result.run} has no row {subject} {checkpoint or ''} {probe}.")
    return max(rows, key=lambda row: row.checkpoint or 0)
