"""Figures of results: which points, which files, and that the same results give the same bytes."""

import csv
from pathlib import Path

import pytest

from ftbench.cli.main import main
from ftbench.errors import UsageError
from ftbench.plots.points import Trade, along_axes, along_epochs, by_category, trades
from ftbench.plots.writing import plot
from ftbench.statistics.result import Measure, Row, RunResult
from ftbench.testing import testing_catalog

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


def result(name, *rates, rows=10, rate="0.001", utility=0.9, **choices):
    last = [
        row("tuned", value, checkpoint=epoch, utility=utility)
        for epoch, value in enumerate(rates, start=1)
    ]
    applied = {"epochs": str(len(rates)), "learning_rate": rate, "batch_size": "10"}
    chosen = {"dataset": "none", "attack": "shift", "defense": "none", "finetune": "full"}
    return RunResult(
        run=name, folder=name, outcome="trained", rows=(row("base", 0.0), *last),
        choices={**chosen, **choices},
        record={"training_rows": rows, "finetune": {"applied": applied}},
    )  # fmt: skip


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


def test_only_runs_that_are_alike_otherwise_are_joined():
    runs = [result("a", 0.2, rows=10), result("b", 0.5, rows=50), result("c", 0.7, rows=100)]
    ((axis, points),) = along_axes(runs)
    assert axis == "training rows"
    assert [one.at for one in points] == [10, 50, 100]
    other = result("d", 0.9, rows=50, rate="0.1", attack="other")
    assert [axis for axis, _ in along_axes([runs[0], other])] == []


def test_the_best_are_those_that_nobody_beats_in_safety_and_utility():
    runs = [
        result("a", 0.1, utility=0.5, defense="x"),
        result("b", 0.3, utility=0.9, defense="y"),
        result("c", 0.4, utility=0.8, defense="z"),
        result("d", 0.3, utility=0.9, defense="y"),
    ]
    found = {one.name: one.is_best for one in trades(runs)}
    assert found == {"x": True, "b": True, "z": False, "d": True}
    assert all(isinstance(one, Trade) for one in trades(runs))


def test_each_figure_is_svg_png_and_csv_of_the_same_points(tmp_path):
    runs = [result("a", 0.2, 0.3, 0.4, rows=10), result("b", 0.1, 0.5, 0.6, rows=50)]
    said = list(plot(runs, tmp_path))
    names = {line.split(":")[0] for line in said}
    assert names == {
        *(f"{run}_{what}" for run in "ab" for what in ("categories", "radar", "epochs")),
        "by_training_rows",
        "pareto",
    }
    for name in names:
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (tmp_path / f"{name}.svg").read_text()
    rows = list(csv.DictReader((tmp_path / "a_epochs.csv").open()))
    assert [(float(one["at"]), float(one["value"])) for one in rows][-1] == (3.0, 0.4)


def test_the_same_results_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        list(plot([result("a", 0.2), result("b", 0.3, rows=50)], tmp_path / name))
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [path.name for path in first] == [path.name for path in second]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_what_cannot_be_drawn_is_said_and_not_drawn_empty(tmp_path):
    said = "\n".join(plot([result("a", 0.2)], tmp_path))
    assert "only one epoch was kept" in said and "Fewer than two runs" in said
    assert {path.stem for path in tmp_path.iterdir()} == {"a_categories", "a_radar"}


def test_a_run_is_drawn_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    catalog = testing_catalog()
    assert main(["model=testing", "attack=testing_reveal", "--quiet"], catalog=catalog) == 0
    (run,) = Path("runs").iterdir()
    assert main(["plot", str(run), "--out", "figures"], catalog=catalog) == 0
    assert list(Path("figures").glob("*_categories.svg"))
    assert main(["plot", "runs/nothing"], catalog=catalog) == UsageError.exit_code
    assert "There is no run runs/nothing" in capsys.readouterr().err
