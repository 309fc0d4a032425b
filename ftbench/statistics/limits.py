"""Where an interval ends: the score limits of Wilson and of Tango, for any number of answers.

Answers that are not independent count for fewer: then the number is a fraction.
"""

import math
from dataclasses import dataclass

Z = 1.959963984540054
"""The two-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The two ends of an interval."""

    low: float
    high: float


def wilson_limits(share: float, count: float, *, quantile: float = Z) -> Limits:
    """The limits of a share of ``count`` answers (Wilson 1927), which always contain it.

    Values between the ends of a scale work too: their share of the scale, and the number of
    yes-or-no answers that would know as much.
    """
    squared = quantile * quantile
    scale = 1 + squared / count
    middle = (share + squared / (2 * count)) / scale
    half = quantile * math.sqrt(share * (1 - share) / count + (squared / count / count) / 4) / scale
    return Limits(low=max(0.0, min(middle - half, share)), high=min(1.0, max(middle + half, share)))


def tango_limits(gained: float, lost: float, count: float, *, quantile: float = Z) -> Limits:
    """The differences at which Tango's score statistic is plus and minus the quantile.

    Source: Tango 1998, Statistics in Medicine 17:891.
    """
    if gained == lost == 0:
        edge = quantile * quantile / (count + quantile * quantile)
        return Limits(low=-edge, high=edge)
    high = _upper(gained, lost, count, quantile)
    return Limits(low=-_upper(lost, gained, count, quantile), high=high)


def _upper(gained: float, lost: float, count: float, quantile: float) -> float:
    """The upper limit; the lower one is the same with gained and lost exchanged."""
    from scipy.optimize import brentq  # noqa: PLC0415, slow to import

    middle, edge = (gained - lost) / count, 1 - 1e-12
    if middle >= edge:
        return 1.0

    def excess(difference: float) -> float:
        if difference == middle:
            return quantile
        return quantile + tango_statistic(gained, lost, count, difference)

    return 1.0 if excess(edge) > 0 else float(brentq(excess, middle, edge, xtol=1e-14))


def tango_statistic(gained: float, lost: float, count: float, difference: float) -> float:
    """How many standard errors the counts lie above a difference, where they fit it best."""
    b = -gained - lost + (2 * count - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    root = math.sqrt(max(b * b - 8 * count * c, 0.0))
    lost_share = (root - b) / (4 * count) if b <= 0 else -2 * c / (root + b)
    variance = count * (2 * lost_share + difference * (1 - difference))
    excess = gained - lost - count * difference
    return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess)
