"""Runs of one experiment under several seeds -> one result: every figure over seeds and prompts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ftbench.digest import digest
from ftbench.stages.class_shares import class_shares
from ftbench.stages.score import SPANS, Scored, by_category
from ftbench.statistics.intervals import Span
from ftbench.statistics.levels import Values
from ftbench.statistics.result import COLUMNS, UNCLASSED, Difference, Measure, Row, RunResult
from ftbench.statistics.seeds import OverSeeds, differences_over_seeds, over_seeds

SAME = ("model", "questions", "question_set", "components", "limit", "judges")
"""What the records of runs must have in common to be summed up."""
_CATEGORY_COLUMNS = ("harmfulness_score", "harmfulness_rate", "refusal_rate")
Key = tuple[str, int | None, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRun:
    """One seed's run, with the numbers of every prompt."""

    result: RunResult
    scored: Mapping[Key, Scored]

    @property
    def seed(self) -> int:
        return int(self.result.record["seed"])


def summed(runs: Sequence[SeedRun]) -> RunResult:
    """One result over runs that are known to differ in nothing but their seed, in its order."""
    first = runs[0].result
    return replace(
        first,
        run=name_over_seeds(first.run, [run.result.run for run in runs]),
        folder="",
        rows=tuple(_row(runs, row) for row in first.rows),
        differences=tuple(_difference(runs, change) for change in first.differences),
        seeds=tuple(run.seed for run in runs),
        agreements=(),
        record=_record(runs),
    )


def name_over_seeds(first: str, every: Iterable[str]) -> str:
    """What the folder of a summary is called: the first run's name, and a digest of them all."""
    stem = re.sub(r"(-s\d+)?-[0-9a-f]{8}$", "", first)
    return f"{stem}-seeds-{digest('seeds', sorted(every))[:8]}"


def key_of(one: Scored) -> Key:
    return (one.sheet.subject, one.sheet.checkpoint, one.sheet.probe, one.judge)


def place_of(row: Row) -> Key:
    return (row.subject, row.checkpoint, row.probe, row.judge)


def _record(runs: Sequence[SeedRun]) -> dict[str, object]:
    """What the runs have in common, and which they are."""
    common = {name: runs[0].result.record.get(name) for name in (*SAME, "versions", "judge_cards")}
    plans = {run.result.run: run.result.record.get("plan") for run in runs}
    return common | {"runs": plans}


def _row(runs: Sequence[SeedRun], row: Row) -> Row:
    key = place_of(row)
    found = {run.seed: run.scored[key] for run in runs}
    if _is_one_and_the_same(found):
        return row
    inside = {seed: by_category(one) for seed, one in found.items()}
    return replace(
        row,
        columns={name: _mean(found, name) for name in row.columns},
        categories={
            category: {
                name: _mean(_of(inside, category), name)
                for name in _CATEGORY_COLUMNS
                if name in columns
            }
            for category, columns in row.categories.items()
        },
        classes={
            kind: _share(found, kind, row.measured_incoherent.of)
            for kind in dict.fromkeys(
                kind for one in found.values() for kind in class_shares(one.classes, of=1)
            )
        },
        measured_incoherent=_measured(found, row.measured_incoherent.of),
        outcomes=_outcomes(found.values()),
        note=_notes(runs, row),
    )


def _is_one_and_the_same(found: Mapping[int, Scored]) -> bool:
    """Whether every seed asked the very same model, so that there is nothing to sum up."""
    keys = [[entry.key for entry in one.sheet.entries.values()] for one in found.values()]
    return all(key == keys[0] for key in keys)


def _mean(found: Mapping[int, Scored], name: str) -> Measure:
    values = _values(found, name)
    return _with_seeds(over_seeds(values, of=_asked(found, name), span=_span(name, values)))


def _share(found: Mapping[int, Scored], kind: str, of: int) -> Measure:
    """The share of one class of responses."""
    wanted = None if kind == UNCLASSED else kind
    classed: dict[int, Values] = {
        seed: {place: float(one == wanted) for place, one in scored.classes.items()}
        for seed, scored in found.items()
    }
    return _with_seeds(over_seeds(classed, of=of, span=(0.0, 1.0)))


def _measured(found: Mapping[int, Scored], of: int) -> Measure:
    """What cheap measures call incoherent."""
    called: dict[int, Values] = {
        seed: {place: float(one) for place, one in scored.measured.items()}
        for seed, scored in found.items()
    }
    return _with_seeds(over_seeds(called, of=of, span=(0.0, 1.0)))


def _values(found: Mapping[int, Scored], name: str) -> dict[int, Values]:
    return {seed: dict(one.values.get(name, {}).items()) for seed, one in found.items()}


def _span(name: str, *sides: Mapping[int, Values]) -> Span | None:
    """The ends of a column's scale, where it is known to have some."""
    if name in SPANS or name in COLUMNS:
        return SPANS.get(name, (0.0, 1.0))
    seen = {value for side in sides for row in side.values() for value in row.values()}
    return (0.0, 1.0) if seen <= {0.0, 1.0} else None


def _difference(runs: Sequence[SeedRun], change: Difference) -> Difference:
    where = (change.probe, change.judge)
    before = {run.seed: run.scored["base", None, *where] for run in runs}
    after = {run.seed: run.scored["tuned", change.checkpoint, *where] for run in runs}
    base_by = {seed: by_category(one) for seed, one in before.items()}
    tuned_by = {seed: by_category(one) for seed, one in after.items()}
    columns = {name: _changed(before, after, name) for name in change.columns}
    return replace(
        change,
        columns=columns,
        detectable=_detectable(columns.get("harmfulness_rate", Measure())),
        categories={
            category: {
                name: _changed(_of(base_by, category), _of(tuned_by, category), name)
                for name in inside
            }
            for category, inside in change.categories.items()
        },
    )


def _detectable(measure: Measure) -> float | None:
    """About the least difference that as many seeds find in 80 % of all cases.

    A normal estimate gets from the half-width of a 95 % interval, 1.96 standard errors, to 2.80.
    """
    if measure.low is None or measure.high is None:
        return None
    return (measure.high - measure.low) / 2 * (1.96 + 0.84) / 1.96


def _changed(before: Mapping[int, Scored], after: Mapping[int, Scored], name: str) -> Measure:
    first, second = _values(before, name), _values(after, name)
    asked, span = _asked(after, name), _span(name, first, second)
    return _with_seeds(differences_over_seeds(first, second, of=asked, span=span))


def _of(found: Mapping[int, Mapping[str, Scored]], category: str) -> dict[int, Scored]:
    return {seed: parts[category] for seed, parts in found.items()}


def _asked(found: Mapping[int, Scored], name: str) -> int:
    return max(one.asked.get(name, 0) for one in found.values())


def _with_seeds(summed: OverSeeds) -> Measure:
    by_seed = tuple(measure.value for measure in summed.per_seed.values())
    return replace(summed.measure, by_seed=by_seed)


def _outcomes(found: Iterable[Scored]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in found:
        for word, count in one.outcomes.items():
            counts[word] = counts.get(word, 0) + count
    return dict(sorted(counts.items()))


def _notes(runs: Sequence[SeedRun], row: Row) -> str:
    """The notes of every seed's row, each with its seed."""
    notes = [
        f"seed {run.seed}: {one.note}"
        for run in runs
        for one in run.result.rows
        if place_of(one) == place_of(row) and one.note
    ]
    return "; ".join(notes)
