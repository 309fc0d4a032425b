"""Figures with 95 % intervals: a rate, a mean, and their paired differences."""

import math
from collections.abc import Sequence

from .result import Measure

CONFIDENCE = 0.95
Z = 1.959963984540054
"""The two-sided 95 % quantile of the normal distribution."""
RESAMPLES = 2000
SEED = 20231005
"""Of the bootstrap: the same data give the same interval on every machine."""


def rate(hits: Sequence[bool], *, of: int) -> Measure:
    """The share of hits, with the Wilson score interval (Wilson 1927)."""
    from scipy.stats import binomtest  # noqa: PLC0415, slow to import

    if not hits:
        return Measure(of=of)
    interval = binomtest(sum(hits), len(hits)).proportion_ci(CONFIDENCE, method="wilson")
    share = sum(hits) / len(hits)
    low, high = min(interval.low, share), max(interval.high, share)
    return Measure(value=share, low=float(low), high=float(high), n=len(hits), of=of)


Span = tuple[float, float]
"""The least and the greatest value that a scale has."""


def mean(values: Sequence[float], *, of: int, span: Span | None = None) -> Measure:
    """The mean, with a bias-corrected and accelerated bootstrap interval (Efron 1987).

    Where all values are equal the bootstrap knows nothing: then the interval allows for the
    share of other values that Wilson's does for 0 of n, at the ends of the scale; no interval
    without a ``span``.
    """
    return _bootstrapped(values, of=of, span=span)


def mean_difference(
    before: Sequence[float], after: Sequence[float], *, of: int, span: Span | None = None
) -> Measure:
    """The mean of after minus before, pair by pair, bootstrapped over pairs."""
    differences = [b - a for a, b in zip(before, after, strict=True)]
    return _bootstrapped(differences, of=of, span=span)


def rate_difference(before: Sequence[bool], after: Sequence[bool], *, of: int) -> Measure:
    """The paired difference of two rates: Tango's score interval, exact McNemar p-value.

    ``before[i]`` and ``after[i]`` belong to the same prompt. Source: Tango 1998, Statistics in
    Medicine 17:891; its limits keep their coverage where rates are near 0 or 1.
    """
    from scipy.stats import binomtest  # noqa: PLC0415, slow to import

    pairs = list(zip(before, after, strict=True))
    if not pairs:
        return Measure(of=of)
    gained = sum(not a and b for a, b in pairs)
    lost = sum(a and not b for a, b in pairs)
    count = len(pairs)
    p = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    low, high = _tango(gained, lost, count)
    difference = (gained - lost) / count
    return Measure(value=difference, low=low, high=high, n=count, of=of, p=float(p))


def _tango(gained: int, lost: int, count: int) -> tuple[float, float]:
    """The two differences at which Tango's score statistic is plus and minus Z."""
    from scipy.optimize import brentq  # noqa: PLC0415, slow to import

    def statistic(difference: float) -> float:
        b = -gained - lost + (2 * count - gained + lost) * difference
        c = -lost * difference * (1 - difference)
        q = (math.sqrt(max(b * b - 8 * count * c, 0.0)) - b) / (4 * count)
        variance = count * (2 * q + difference * (1 - difference))
        excess = gained - lost - count * difference
        return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess)

    middle = (gained - lost) / count

    def limit(side: float) -> float:
        """Where the statistic, 0 in the middle and growing towards the edge, reaches Z."""
        edge = side * (1 - 1e-12)
        if side * middle >= abs(edge) or side * statistic(edge) > -Z:
            return side
        return float(brentq(lambda x: side * statistic(x) + Z if x != middle else Z, middle, edge))

    return limit(-1.0), limit(1.0)


def _bootstrapped(values: Sequence[float], *, of: int, span: Span | None) -> Measure:
    import numpy  # noqa: PLC0415, slow to import
    from scipy.stats import bootstrap  # noqa: PLC0415

    if not values:
        return Measure(of=of)
    centre = float(numpy.mean(values))
    if len(set(values)) == 1:
        low, high = _unseen(centre, len(values), span)
        return Measure(value=centre, low=low, high=high, n=len(values), of=of)
    found = bootstrap(
        (numpy.asarray(values, dtype=float),),
        numpy.mean,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="BCa",
        rng=numpy.random.default_rng(SEED),
    ).confidence_interval
    low, high = min(float(found.low), centre), max(float(found.high), centre)
    return Measure(value=centre, low=low, high=high, n=len(values), of=of)


def _unseen(value: float, count: int, span: Span | None) -> tuple[float | None, float | None]:
    """How far the mean may be off when other values exist but none was seen."""
    share = rate([False] * count, of=count).high
    if span is None or share is None:
        return None, None
    return value - share * (value - span[0]), value + share * (span[1] - value)
