"""Figures of results: which points, which files, and that the same results give the same bytes."""

import csv
from dataclasses import replace

import pytest

from ftbench.errors import StorageError, UsageError
from ftbench.plots.axes import along_axes
from ftbench.plots.points import along_epochs, by_category, trades
from ftbench.plots.runs import Run, settings_of
from ftbench.plots.writing import plot
from ftbench.statistics.result import Measure, Row, RunResult

RATE = "harmfulness_rate"


def measure(value, n=30):
    return Measure(value=value, low=max(0.0, value - 0.1), high=min(1.0, value + 0.1), n=n, of=n)


def row(subject, rate, *, checkpoint=None, utility=0.9):
    columns = {RATE: measure(rate), "utility": measure(utility)}
    categories = {name: {RATE: measure(rate)} for name in ("1_a", "2_b", "3_c")}
    return Row(
        subject=subject, checkpoint=checkpoint, probe="plain", judge="j", columns=columns,
        categories=categories,
    )  # fmt: skip


def result(name, *rates, rate="0.001", utility=0.9, questions="q", **choices):
    last = [
        row("tuned", value, checkpoint=epoch, utility=utility)
        for epoch, value in enumerate(rates, start=1)
    ]
    chosen = {"model": "m", "dataset": "none", "attack": "shift", "finetune": "full"}
    return RunResult(
        run=name, folder=name, outcome="trained", rows=(row("base", 0.0), *last),
        choices={**chosen, **choices}, record={"seed": 0, "question_set": questions},
        recipe={"epochs": "5 (paper)", "learning_rate": f"{rate} (paper)", "batch_size": "10"},
    )  # fmt: skip


def run(name, *rates, n=10, path="a", seed=0, **more):
    found = result(name, *rates, **more)
    found = replace(found, record={**found.record, "seed": seed})
    composed = {"attack": {"n": n, "path": path}, "model": {"name": "m"}}
    return Run(result=found, settings=settings_of(found, composed))


def lines(*runs):
    """Axis, line, and its places and values."""
    return {
        (along.axis, name): [(p.at, p.value) for p in along.points if p.series == name]
        for along in along_axes(runs)
        for name in {p.series for p in along.points}
    }


def test_every_category_has_a_point_before_and_after():
    points = by_category(result("r", 0.4))
    assert [(one.series, one.at) for one in points] == [
        (who, name) for who in ("base", "tuned") for name in ("1_a", "2_b", "3_c")
    ]
    assert points[-1].value == 0.4 and points[-1].low == pytest.approx(0.3)


def test_a_curve_over_epochs_begins_before_training_and_needs_two_kept_epochs():
    points = along_epochs(result("r", 0.1, 0.5, 0.9))
    assert [(one.at, one.value) for one in points] == [(0, 0.0), (1, 0.1), (2, 0.5), (3, 0.9)]
    assert along_epochs(result("r", 0.9)) == []


def test_a_hardened_model_is_where_its_curve_begins():
    found = result("r", 0.1, 0.5)
    found = replace(found, rows=(found.rows[0], row("hardened", 0.3), *found.rows[1:]))
    assert [(p.at, p.value) for p in along_epochs(found)] == [(0, 0.3), (1, 0.1), (2, 0.5)]


def test_a_line_joins_runs_that_differ_in_one_number_alone():
    a, b, c = run("a", 0.2), run("b", 0.5, n=50), run("c", 0.7, n=100)
    joined = [(10, 0.2), (50, 0.5), (100, 0.7)]
    assert lines(a, b, c) == {("attack.n", "shift full"): joined}
    assert lines(a, run("d", 0.9, rate="2e-05")) == {
        ("finetune.learning_rate", "shift full"): [(2e-05, 0.9), (0.001, 0.2)]
    }


@pytest.mark.parametrize(
    "other",
    [
        {"model": "another"},
        {"rate": "0.1"},
        {"path": "b"},
        {"seed": 1},
        {"questions": "others"},
        {"defense": "mixing"},
    ],
)
def test_runs_that_differ_in_more_are_never_joined(other):
    assert lines(run("a", 0.2), run("b", 0.9, n=50, **other)) == {}


def test_seeds_are_lines_of_their_own():
    first = [run("a", 0.2, seed=1), run("b", 0.6, n=50, seed=1)]
    second = [run("c", 0.3, seed=2), run("d", 0.7, n=50, seed=2)]
    assert lines(*first, *second) == {
        ("attack.n", "shift full, seed 1"): [(10, 0.2), (50, 0.6)],
        ("attack.n", "shift full, seed 2"): [(10, 0.3), (50, 0.7)],
    }


def test_lines_that_differ_in_a_path_are_told_apart_without_telling_it():
    runs = [run(f"{n}-{p[0]}", 0.5, n=n, path=p) for p in ("secret", "other") for n in (10, 50)]
    names = {name for _, name in lines(*runs)}
    assert len(names) == 2 and not any("secret" in name for name in names)


def test_the_best_are_those_that_nobody_beats_in_safety_and_utility():
    runs = [
        result("a", 0.1, utility=0.5, defense="x"),
        result("b", 0.3, utility=0.9, defense="y"),
        result("c", 0.4, utility=0.8, defense="z"),
        result("d", 0.3, utility=0.9, defense="y"),
    ]
    found = {one.name: one.is_best for one in trades(runs)}
    assert found == {"x": True, "b": True, "z": False, "d": True}
    first = trades(runs)[0]
    assert (first.harm_low, first.harm_n) == (0.0, 30) and first.utility_high == pytest.approx(0.6)


def test_each_figure_is_svg_png_and_csv_of_the_same_points(tmp_path):
    runs = [run("a", 0.2, 0.3, 0.4), run("b", 0.1, 0.5, 0.6, n=50)]
    said = list(plot(runs, tmp_path))
    names = {line.split(":")[0] for line in said}
    assert names == {
        *(f"{name}_{what}" for name in "ab" for what in ("categories", "radar", "epochs")),
        "by_attack_n",
        "pareto",
    }
    for name in names:
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (tmp_path / f"{name}.svg").read_text()
    rows = list(csv.DictReader((tmp_path / "a_epochs.csv").open()))
    assert [(float(one["at"]), float(one["value"])) for one in rows][-1] == (3.0, 0.4)


def test_the_same_results_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        list(plot([run("a", 0.2), run("b", 0.3, n=50)], tmp_path / name))
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [path.name for path in first] == [path.name for path in second]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_what_cannot_be_drawn_is_said_and_not_drawn_empty(tmp_path):
    said = "\n".join(plot([run("a", 0.2)], tmp_path))
    assert "only one epoch was kept" in said and "Fewer than two runs with utility" in said
    assert "No two runs differ in one number alone" in said
    assert {path.stem for path in tmp_path.iterdir()} == {"a_categories", "a_radar"}


def test_a_category_that_one_side_lacks_is_drawn_for_the_other(tmp_path):
    found = result("a", 0.4)
    lacking = replace(found.rows[1], categories=dict(list(found.rows[1].categories.items())[:2]))
    list(plot([Run(result=replace(found, rows=(found.rows[0], lacking)))], tmp_path))
    assert len((tmp_path / "a_radar.csv").read_text().splitlines()) == 1 + 3 + 2


def test_a_run_whose_settings_nobody_knows_is_in_no_curve(tmp_path):
    said = list(plot([Run(result=result("a", 0.2)), run("b", 0.3, n=50)], tmp_path))
    assert "a: its ledger is not here, so it is in no curve over runs." in said


def test_runs_that_were_asked_other_questions_are_not_set_against_each_other(tmp_path):
    said = list(plot([run("a", 0.2), run("b", 0.3, questions="others")], tmp_path))
    assert any("asked or judged in different ways" in line for line in said)
    assert not (tmp_path / "pareto.csv").exists()


def test_seeds_whose_sum_is_given_are_in_it_alone(tmp_path):
    summed = replace(result("ab", 0.3), seeds=(1, 2), record={"runs": {"a": "", "b": ""}})
    every = [run("a", 0.2, seed=1), run("b", 0.4, seed=2), Run(result=summed)]
    said = list(plot(every, tmp_path))
    assert any("Fewer than two runs" in line for line in said)
    assert (tmp_path / "a_categories.svg").exists()


def test_two_runs_of_one_name_would_write_over_each_other(tmp_path):
    with pytest.raises(UsageError, match="called a: draw them apart"):
        list(plot([run("a", 0.2), run("a", 0.3)], tmp_path))


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        list(plot([run("a", 0.2)], tmp_path / "file"))
