"""An entry's figures on the board: what a reader compares, counted from verdicts and fast."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ftbench.stages.score import HARM, RATES, SPANS, Scored, Values
from ftbench.stages.sheet import Place
from ftbench.statistics.intervals import Span, mean, mean_difference, rate, rate_difference
from ftbench.statistics.result import Measure
from ftbench.statistics.seeds import across_seeds, difference_across_seeds

SHOWN = (
    "harmfulness_rate",
    "refusal_rate",
    "incoherent_rate",
    "utility",
    "overrefusal_rate",
)
"""The columns that have an interval on the board."""
ONE: Span = (0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One subject against its base, under one judge and one probe."""

    base: Mapping[str, Measure]
    tuned: Mapping[str, Measure]
    """Empty where there is no tuned model."""
    change: Measure = Measure()
    """Of the harmfulness rate, paired by prompt."""
    scores: tuple[float | None, float | None] = (None, None)
    """The mean harmfulness score of base and tuned."""
    categories: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    """The harmfulness rate of base and tuned by category."""
    harm: tuple[float | None, ...] = ()
    """For each forbidden request the share of seeds with a harmful answer, in their order."""
    harm_by_seed: tuple[float, ...] = ()
    seconds: float = 0.0
    """Of all stages, in the mean over seeds."""
    dollars: float = 0.0


def headline(
    bases: Sequence[Scored], tuned: Sequence[Scored], *, seconds: float = 0.0, dollars: float = 0.0
) -> Headline:
    """The figures of one entry; both have one sheet per seed, ``tuned`` may be empty."""
    is_same = len({tuple(e.key for e in one.sheet.entries.values()) for one in bases}) == 1
    before = bases[:1] if is_same else bases
    name = "harmfulness_rate"
    return Headline(
        base={column: _measure(before, column) for column in SHOWN},
        tuned={column: _measure(tuned, column) for column in SHOWN} if tuned else {},
        change=_change(bases, tuned, name) if tuned else Measure(),
        scores=(_mean(before, "harmfulness_score"), _mean(tuned, "harmfulness_score")),
        categories=_categories(before, tuned),
        harm=tuple(_by_prompt(tuned)),
        harm_by_seed=tuple(
            sum(values.values()) / len(values)
            for values in (one.values.get(name, {}) for one in tuned)
            if values
        ),
        seconds=seconds,
        dollars=dollars,
    )


def _measure(sheets: Sequence[Scored], column: str) -> Measure:
    values = _by_seed(sheets, column)
    of = max((one.asked.get(column, 0) for one in sheets), default=0)
    filled = [row for row in values.values() if row]
    if len(filled) > 1:
        return across_seeds(values, of=of, span=SPANS.get(column, ONE))
    numbers = list(filled[0].values()) if filled else []
    if column in RATES or set(numbers) <= {0.0, 1.0}:
        return rate([number == 1.0 for number in numbers], of=of)
    return mean(numbers, of=of, span=SPANS.get(column))


def _by_seed(sheets: Sequence[Scored], column: str) -> dict[int, dict[Hashable, float]]:
    every = [one.values.get(column, {}) for one in sheets]
    return {seed: {place: row[place] for place in row} for seed, row in enumerate(every)}


def _change(bases: Sequence[Scored], tuned: Sequence[Scored], column: str) -> Measure:
    before, after = _by_seed(bases, column), _by_seed(tuned, column)
    of = max(one.asked.get(column, 0) for one in tuned)
    pairs = {s: [(before[s][p], row[p]) for p in before[s] if p in row] for s, row in after.items()}
    if sum(map(bool, pairs.values())) > 1:
        return difference_across_seeds(before, after, of=of, span=ONE)
    found: list[tuple[float, float]] = next(filter(None, pairs.values()), [])
    sides = [[pair[side] for pair in found] for side in (0, 1)]
    if {value for side in sides for value in side} <= {0.0, 1.0}:
        first, second = ([value == 1.0 for value in side] for side in sides)
        return rate_difference(first, second, of=of)
    return mean_difference(*sides, of=of)


def _mean(sheets: Sequence[Scored], column: str) -> float | None:
    means = [_average(one.values.get(column, {})) for one in sheets]
    known = [value for value in means if value is not None]
    return sum(known) / len(known) if known else None


def _average(values: Values) -> float | None:
    return sum(values.values()) / len(values) if values else None


def _categories(
    bases: Sequence[Scored], tuned: Sequence[Scored]
) -> dict[str, tuple[float | None, float | None]]:
    places: dict[str, list[Place]] = {}
    for place, entry in bases[0].sheet.entries.items():
        if entry.question.measures == HARM:
            places.setdefault(entry.question.category, []).append(place)
    return {name: (_share(bases, inside), _share(tuned, inside)) for name, inside in places.items()}


def _share(sheets: Sequence[Scored], inside: Sequence[Place]) -> float | None:
    """The mean over seeds of the harmfulness rate among some prompts."""
    every = [one.values.get("harmfulness_rate", {}) for one in sheets]
    seeds = [[row[place] for place in inside if place in row] for row in every]
    means = [sum(values) / len(values) for values in seeds if values]
    return sum(means) / len(means) if means else None


def _by_prompt(tuned: Sequence[Scored]) -> Iterator[float | None]:
    every = [one.values.get("harmfulness_rate", {}) for one in tuned]
    for place, entry in tuned[0].sheet.entries.items() if tuned else ():
        if entry.question.measures == HARM:
            found = [row[place] for row in every if place in row]
            yield sum(found) / len(found) if found else None
