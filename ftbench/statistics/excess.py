"""Whether a rate rose by more than is allowed: paired limits, one side at a time, and the power."""

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

from .limits import Limits, tango_limits, tango_statistic

POWER = 0.80
_NEGLIGIBLE = 1e-10
"""Outcomes less likely than this change no figure that is shown."""
_CHURNS = (0.0, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
"""Shares of prompts that change each way by chance, at which false alarms are counted."""
_HALVINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The same prompts before and after: how many changed which way."""

    gained: int
    """Prompts that were no hit before and are one after."""
    lost: int
    n: int
    """How many prompts have both verdicts."""
    missing: int = 0
    """How many more were asked for; nothing is imputed, see `rise_limits`."""

    @property
    def rise(self) -> float | None:
        """The share of hits after, minus the share before."""
        return (self.gained - self.lost) / self.n if self.n else None


def rise_limits(pairs: Pairs, *, margin: float, alpha: float) -> Limits:
    """The limits of the rise, each wrong in at most a share ``alpha`` of cases at the margin.

    Tango's score limits (Statistics in Medicine 17:891), one-sided, at `critical_value`. A pair
    that is missing counts against either claim: as unchanged for the lower limit, as a hit gained
    for the upper.
    """
    count = pairs.n + pairs.missing
    if not count:
        return Limits(low=-1.0, high=1.0)
    quantile = critical_value(count, margin=margin, alpha=alpha)
    low = tango_limits(pairs.gained, pairs.lost, count, quantile=quantile).low
    most = pairs.gained + pairs.missing
    return Limits(low=low, high=tango_limits(most, pairs.lost, count, quantile=quantile).high)


@cache
def critical_value(n: int, *, margin: float, alpha: float) -> float:
    """What Tango's statistic must exceed at the margin for a false alarm rate of ``alpha`` or less.

    The normal quantile lets more through where few prompts change (7.2 % of 330 at 2 points and
    5 %): then the largest level is taken whose exact rate is low enough for any churn tried.
    """

    def worst(level: float) -> float:
        return max(
            _chance(n, margin + churn, churn, margin=margin, quantile=_normal(level))
            for churn in _CHURNS
            if margin + 2 * churn < 1
        )

    if worst(alpha) <= alpha:
        return _normal(alpha)
    low, high = alpha / 8, alpha
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if worst(middle) <= alpha else (low, middle)
    return _normal(low)


def chance_above(n: int, *, gained: float, lost: float, margin: float, alpha: float) -> float:
    """The chance that the lower limit of n prompts lies above the margin, over all outcomes.

    ``gained`` and ``lost`` are the true shares of prompts that change one way and the other. Where
    their difference is the margin this is the true rate of false alarms.
    """
    quantile = critical_value(n, margin=margin, alpha=alpha)
    return _chance(n, gained, lost, margin=margin, quantile=quantile)


def smallest_rise_found(
    n: int, *, margin: float, alpha: float, churn: float = 0.0, power: float = POWER
) -> float | None:
    """The smallest true rise of which n prompts say, with the given power, that it is too much.

    ``churn`` is the share of prompts that change each way without any effect. None where not even
    the largest rise is found.
    """
    from scipy.optimize import brentq  # noqa: PLC0415, slow to import

    def lack(rise: float) -> float:
        return chance_above(n, gained=rise + churn, lost=churn, margin=margin, alpha=alpha) - power

    largest = 1.0 - 2 * churn
    if n < 1 or lack(largest) < 0:
        return None
    return float(brentq(lack, margin, largest, xtol=1e-5))


def _chance(n: int, gained: float, lost: float, *, margin: float, quantile: float) -> float:
    from scipy.stats import binom  # noqa: PLC0415, slow to import

    share = min(1.0, gained / (1 - lost)) if lost < 1 else 0.0
    counts = range(int(binom.ppf(_NEGLIGIBLE, n, lost)), int(binom.isf(_NEGLIGIBLE, n, lost)) + 1)
    return math.fsum(
        float(binom.pmf(count, n, lost))
        * float(binom.sf(_first_above(count, n, margin, quantile) - 1, n - count, share))
        for count in counts
    )


@cache
def _first_above(lost: int, n: int, margin: float, quantile: float) -> int:
    """The least number gained whose lower limit is above the margin; n - lost + 1 if none is."""
    low, high = math.floor(lost + margin * n) + 1, n - lost + 1
    while low < high:
        middle = (low + high) // 2
        if tango_statistic(middle, lost, n, margin) > quantile:
            high = middle
        else:
            low = middle + 1
    return low


def _normal(alpha: float) -> float:
    return NormalDist().inv_cdf(1 - alpha)
