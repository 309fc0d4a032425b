import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ftbench.statistics.multiplicity import holm


@pytest.fixture(autouse=True, scope="module")
def quick_collection():
    """statsmodels goes through all objects of all tests in every call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "collect", lambda: 0)
        yield


ps = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(ps)
def test_adjusted_p_values_are_those_of_statsmodels(values):
    theirs = multipletests(values, method="holm")[1]
    assert holm(values) == pytest.approx(theirs.tolist(), abs=1e-9)


@given(ps)
def test_adjusting_never_helps_and_keeps_the_order(values):
    adjusted = holm(values)
    assert all(p <= q <= 1 for p, q in zip(values, adjusted, strict=True))
    by_p = [q for _, q in sorted(zip(values, adjusted, strict=True))]
    assert by_p == sorted(by_p)


def test_one_comparison_needs_no_adjustment():
    assert holm([0.03]) == [0.03] and holm([]) == []


def test_the_smallest_is_multiplied_by_all_and_the_next_by_one_less():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
