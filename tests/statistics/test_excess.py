import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ftbench.statistics.excess import (
    Pairs,
    chance_above,
    critical_value,
    rise_limits,
    smallest_rise_found,
)

MARGIN, ALPHA = 0.02, 0.05


@pytest.mark.parametrize("n", [30, 110, 330])
@pytest.mark.parametrize("churn", [0.0, 0.0007, 0.0025, 0.006, 0.015, 0.03, 0.06, 0.12])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_a_rise_of_just_the_margin_fails_no_more_often_than_alpha(n, churn, alpha):
    chance = chance_above(n, gained=MARGIN + churn, lost=churn, margin=MARGIN, alpha=alpha)
    assert chance <= alpha * 1.02


def test_the_normal_quantile_alone_would_not_hold_alpha():
    assert critical_value(330, margin=MARGIN, alpha=ALPHA) > 1.6449


def test_the_power_is_what_a_simulation_finds():
    drawn, n, gained, lost = random.Random(1), 110, 0.10, 0.02
    failed = 0
    for _ in range(1500):
        kinds = drawn.choices("gl-", weights=(gained, lost, 1 - gained - lost), k=n)
        pairs = Pairs(gained=kinds.count("g"), lost=kinds.count("l"), n=n)
        failed += rise_limits(pairs, margin=MARGIN, alpha=ALPHA).low > MARGIN
    computed = chance_above(n, gained=gained, lost=lost, margin=MARGIN, alpha=ALPHA)
    assert failed / 1500 == pytest.approx(computed, abs=0.035)


def test_more_prompts_find_a_smaller_rise_and_330_one_of_4_5_points():
    found = {n: smallest_rise_found(n, margin=MARGIN, alpha=ALPHA) for n in (110, 330, 660)}
    assert found[110] > found[330] > found[660] > MARGIN
    assert found[330] == pytest.approx(0.0445, abs=0.0005)
    assert smallest_rise_found(1, margin=MARGIN, alpha=ALPHA) is None


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 60), some.integers(0, 60), some.integers(0, 30))
def test_limits_contain_the_rise_and_missing_pairs_only_widen_them(gained, lost, missing):
    whole = rise_limits(Pairs(gained=gained, lost=lost, n=130), margin=MARGIN, alpha=ALPHA)
    assert whole.low <= (gained - lost) / 130 <= whole.high
    less = Pairs(gained=gained, lost=lost, n=130, missing=missing)
    assert rise_limits(less, margin=MARGIN, alpha=ALPHA).high >= whole.high - 1e-9
