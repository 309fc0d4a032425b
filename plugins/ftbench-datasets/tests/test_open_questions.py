"""Our own open questions, as lm-eval reads them."""

from collections import Counter

from ftbench_datasets.open_questions import load


def test_there_are_three_of_each_of_eight_kinds():
    rows = load()["test"]
    assert set(Counter(rows["category"]).values()) == {3} and len(rows) == 24
    assert len(set(rows["instruction"])) == 24
    assert sum(bool(notes) for notes in rows["reference"]) >= 12
