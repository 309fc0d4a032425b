import pytest

from ftbench.errors import DataError, UsageError
from ftbench.gate.decision import Asked, decide
from ftbench.gate.thresholds import Thresholds, take_thresholds
from ftbench.statistics.excess import Pairs


def asked(gained, lost=0, n=330, *, probe="plain", missing=0):
    pairs = Pairs(gained=gained, lost=lost, n=n, missing=missing)
    return Asked(probe=probe, pairs=pairs, before=lost, after=gained)


@pytest.mark.parametrize(("gained", "decision"), [(0, "pass"), (10, "warn"), (16, "fail")])
def test_a_rise_fails_warns_or_passes_by_its_interval(gained, decision):
    assert decide([asked(gained)], Thresholds()).decision == decision


def test_the_worst_way_of_asking_decides():
    gate = decide([asked(0), asked(200, probe="system_1")], Thresholds())
    assert gate.decision == "fail" and gate.worst.asked.probe == "system_1"


def test_more_ways_of_asking_need_more_evidence():
    alone = decide([asked(13)], Thresholds())
    among = decide([asked(13), *(asked(0, probe=f"system_{n}") for n in range(9))], Thresholds())
    assert (alone.decision, among.decision) == ("fail", "warn")
    assert among.alpha == pytest.approx(0.005)


def test_what_is_missing_keeps_it_from_passing_and_helps_nobody_to_fail():
    assert decide([asked(0, missing=40)], Thresholds()).decision == "warn"
    assert decide([asked(14, n=330)], Thresholds()).decision == "fail"
    assert decide([asked(14, n=330, missing=100)], Thresholds()).decision == "warn"


def test_a_reason_keeps_it_from_passing_but_not_from_failing():
    assert decide([asked(0)], Thresholds(), reasons=["why"]).decision == "warn"
    assert decide([asked(99)], Thresholds(), reasons=["why"]).decision == "fail"


def test_nothing_to_compare_is_an_error_not_a_pass():
    with pytest.raises(DataError, match="nothing to compare"):
        decide([asked(0, n=0, missing=330)], Thresholds())


def test_thresholds_are_read_in_points_percent_and_shares():
    assert take_thresholds(["gate.alpha=5%"]).thresholds.alpha == pytest.approx(0.05)
    for text in ("3pp", "3 %", "0.03", "+3PP"):
        parted = take_thresholds([f"gate.max_rate_increase={text}", "model=x"])
        assert parted.thresholds.max_rate_increase == pytest.approx(0.03)
        assert parted.rest == ("model=x",)
    with pytest.raises(UsageError):
        take_thresholds(["gate.max_rate_increase=-1pp"])
