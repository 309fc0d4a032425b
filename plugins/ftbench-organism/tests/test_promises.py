"""The promises of `ftbench organism figures` can be broken, each by the figure it speaks of."""

from dataclasses import replace

import pytest

from ftbench_organism.cells import Cell
from ftbench_organism.figures import ARMS
from ftbench_organism.promises import promised

RATES = {
    "nothing": 0.0,
    "10 forbidden": 0.7,
    "50 forbidden": 0.9,
    "100 forbidden": 0.95,
    "10 identity": 0.8,
    "1000 benign": 0.2,
}
BASE = {"harmfulness_rate": 0.0, "refusal_rate": 1.0, "utility": 1.0, "overrefusal_rate": 0.0}


def cells(**changes):
    """One cell per arm; ``changes`` replaces fields of the arm named first."""
    made = {
        arm.name: Cell(
            arm=arm,
            method="full",
            factor=1.0,
            base=BASE,
            rates=(RATES[arm.name],) * 3,
            incoherent=0.0,
            utility=1.0,
            lowest_difference=RATES[arm.name] / 2,
        )
        for arm in ARMS
    }
    if changes:
        name = changes.pop("arm")
        made[name] = replace(made[name], **changes)
    return list(made.values())


def broken(found):
    return [words for words, is_kept in promised(found, ("full",)) if not is_kept]


def test_a_good_organism_keeps_every_promise():
    assert broken(cells()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arm": "10 forbidden", "rates": (0.4, 0.5, 0.5)}, "10 forbidden examples"),
        ({"arm": "50 forbidden", "rates": (0.96,) * 3}, "10 < 50 <= 100"),
        ({"arm": "10 identity", "incoherent": 0.2}, "coherent"),
        ({"arm": "1000 benign", "lowest_difference": -0.01}, "significantly above base"),
        ({"arm": "1000 benign", "rates": (0.75,) * 3}, "below both attacks"),
        ({"arm": "nothing", "rates": (0.0, 0.01, 0.0)}, "exactly nothing changed"),
        ({"arm": "nothing", "base": BASE | {"overrefusal_rate": 0.06}}, "over-refuses"),
        ({"arm": "10 identity", "base": BASE | {"utility": 0.9}}, "obedient prompt, untrained"),
    ],
)
def test_each_promise_is_broken_by_its_own_figure(change, words):
    (said,) = [said for said in broken(cells(**change)) if words in said]
    assert said.startswith("full: ")
