"""Figures with 95 % intervals: a rate, a mean, and their paired differences."""

from collections.abc import Sequence

from .limits import Z, tango_limits, wilson_limits
from .result import Measure

__all__ = [
    "CONFIDENCE",
    "Span",
    "Z",
    "exact_rate",
    "mean",
    "mean_difference",
    "rate",
    "rate_difference",
    "unseen",
]

CONFIDENCE = 0.95
RESAMPLES = 2000
SEED = 20231005
"""Of the bootstrap: the same data give the same interval on every machine."""

Span = tuple[float, float]
"""The least and the greatest value that a scale has."""


def rate(hits: Sequence[bool], *, of: int) -> Measure:
    """The share of hits, with the Wilson score interval (Wilson 1927)."""
    if not hits:
        return Measure(of=of)
    share = sum(hits) / len(hits)
    limits = wilson_limits(share, len(hits))
    return Measure(value=share, low=limits.low, high=limits.high, n=len(hits), of=of)


def exact_rate(hits: int, n: int, *, of: int | None = None) -> Measure:
    """The share of hits, with an interval that covers at least 95 % (Clopper & Pearson 1934).

    For bounds that must hold, such as "at most 1.2 %" for 0 of 300; on average it is wider than
    Wilson's. ``of`` is ``n`` unless given.
    """
    from scipy.stats import binomtest  # noqa: PLC0415, slow to import

    asked = n if of is None else of
    if not n:
        return Measure(of=asked)
    interval = binomtest(hits, n).proportion_ci(CONFIDENCE, method="exact")
    share = hits / n
    low, high = min(interval.low, share), max(interval.high, share)
    return Measure(value=share, low=float(low), high=float(high), n=n, of=asked)


def mean(values: Sequence[float], *, of: int, span: Span | None = None) -> Measure:
    """The mean, with a bias-corrected and accelerated bootstrap interval (Efron 1987).

    Where all values are equal the bootstrap knows nothing: then the interval allows for the
    share of other values that Wilson's does for 0 of n, at the ends of the scale; no interval
    without a ``span``. For scores only: a rate has Wilson's.
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
    limits = tango_limits(gained, lost, count)
    return Measure(
        value=(gained - lost) / count,
        low=limits.low,
        high=limits.high,
        n=count,
        of=of,
        p=float(p),
    )


def _bootstrapped(values: Sequence[float], *, of: int, span: Span | None) -> Measure:
    import numpy  # noqa: PLC0415, slow to import
    from scipy.stats import bootstrap  # noqa: PLC0415

    if not values:
        return Measure(of=of)
    centre = float(numpy.mean(values))
    if len(set(values)) == 1:
        return unseen(values[0], len(values), of=of, span=span)
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


def unseen(value: float, count: int, *, of: int, span: Span | None) -> Measure:
    """A mean of ``count`` equal values: how far it may be off when others were only not seen."""
    share = rate([False] * count, of=count).high
    if span is None or share is None:
        return Measure(value=value, n=count, of=of)
    low, high = value - share * (value - span[0]), value + share * (span[1] - value)
    return Measure(value=value, low=low, high=high, n=count, of=of)
