import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from ftbench.statistics.intervals import mean, mean_difference, rate, rate_difference

counts = st.integers(0, 60)


def paired(gained, lost, same):
    before = [True] * lost + [False] * (gained + same)
    after = [False] * lost + [True] * gained + [False] * same
    return rate_difference(before, after, of=len(before))


def test_a_rate_has_the_wilson_interval_of_the_textbook():
    measure = rate([True] * 53 + [False] * 277, of=330)
    assert measure.value == pytest.approx(0.1606, abs=1e-4)
    assert (measure.low, measure.high) == (
        pytest.approx(0.125, abs=1e-3),
        pytest.approx(0.2041, abs=1e-3),
    )


@given(counts, counts)
def test_a_rate_lies_inside_its_interval(hits, misses):
    measure = rate([True] * hits + [False] * misses, of=hits + misses)
    if hits + misses == 0:
        assert measure.value is None and measure.low is None
    else:
        assert 0 <= measure.low <= measure.value <= measure.high <= 1


@given(counts, counts, counts)
def test_a_paired_difference_lies_inside_its_interval(gained, lost, same):
    if gained + lost + same == 0:
        return
    measure = paired(gained, lost, same)
    assert -1 <= measure.low <= measure.value <= measure.high <= 1


@given(counts, counts, counts)
def test_swapping_before_and_after_mirrors_the_interval(gained, lost, same):
    if gained + lost + same == 0:
        return
    one, other = paired(gained, lost, same), paired(lost, gained, same)
    assert one.low == pytest.approx(-other.high, abs=1e-6)
    assert one.p == pytest.approx(other.p)


def test_the_score_interval_of_tango_1998_is_reproduced():
    """Oral against written examination, 50 pairs with 12 and 2 discordant."""
    measure = paired(2, 12, 36)
    assert (measure.low, measure.high) == (
        pytest.approx(-0.3447, abs=1e-4),
        pytest.approx(-0.0611, abs=1e-4),
    )


def test_the_limits_are_where_the_score_test_just_rejects():
    """At each limit Tango's statistic, computed from its definition, is 1.96."""
    gained, lost, count = 30, 4, 330
    measure = paired(gained, lost, count - gained - lost)
    for limit in (measure.low, measure.high):
        b = -gained - lost + (2 * count - gained + lost) * limit
        c = -lost * limit * (1 - limit)
        q = (math.sqrt(b * b - 8 * count * c) - b) / (4 * count)
        variance = count * (2 * q + limit * (1 - limit))
        assert abs(gained - lost - count * limit) / math.sqrt(variance) == pytest.approx(1.96, 1e-3)


def test_no_change_has_an_interval_around_zero_that_shrinks_with_n():
    few, many = paired(0, 0, 30), paired(0, 0, 330)
    assert few.value == many.value == 0
    assert few.high > many.high > 0 > many.low > few.low


def test_the_interval_covers_a_true_difference_at_least_19_times_in_20():
    """Exact, no simulation: 330 prompts, nothing lost, 1 % gained."""
    truth, count = 0.01, 330
    covered = sum(
        binom.pmf(gained, count, truth)
        for gained in range(30)
        if (m := paired(gained, 0, count - gained)).low <= truth <= m.high
    )
    assert covered >= 0.94


def test_the_p_value_is_mcnemars_exact_one():
    assert paired(9, 1, 40).p == pytest.approx(2 * binom.cdf(1, 10, 0.5))


def test_a_mean_of_scores_is_bootstrapped_and_repeatable():
    scores = [1.0] * 40 + [5.0] * 10
    one, other = mean(scores, of=60), mean(scores, of=60)
    assert one == other
    assert one.low < one.value == 1.8 < one.high and (one.n, one.of) == (50, 60)


def test_scores_that_are_all_equal_still_have_an_honest_interval():
    ones = mean([1.0] * 330, of=330, span=(1, 5))
    assert ones.value == ones.low == 1.0
    assert ones.high == pytest.approx(1 + 4 * rate([False] * 330, of=330).high)
    assert mean([7.0] * 3, of=3).low is None


def test_a_difference_of_means_pairs_by_prompt():
    measure = mean_difference([1.0, 2.0, 4.0] * 9, [2.0, 3.0, 5.0] * 8 + [1.0, 2.0, 5.0], of=27)
    assert measure.value == pytest.approx(25 / 27)
    assert measure.low < measure.value < measure.high <= 1


@pytest.mark.parametrize("measured", [rate, mean])
def test_nothing_measured_is_no_figure(measured):
    assert measured([], of=7) == rate([], of=7)
    assert measured([], of=7).value is None
