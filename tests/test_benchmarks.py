"""The benchmarks' parts work, and the page about speed says what they found."""

import importlib
import json
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
RESULTS = HERE / "benchmarks" / "results"


@pytest.fixture(scope="module")
def sweep():
    """The benchmark as a module; it sets variables of the environment, which are put back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE / "benchmarks"))
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY", "HF_HUB_OFFLINE"):
            patch.setenv(name, "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        yield importlib.import_module("sweep")


@pytest.fixture(scope="module")
def told(sweep, tmp_path_factory):
    """Every figure of a tiny world, of one compared cell."""
    folder = tmp_path_factory.mktemp("world")
    world = sweep.wide(folder / "wide", hidden=64, layers=1, prompts=4, max_tokens=6)
    return sweep.Bench(world, folder, sizes=[2, 4]).measure(1, [2])


def test_every_ratio_has_how_many_answers_are_the_same(told):
    for one in (told["one_cell"], told["sweeps"][2], told["paper_sweep"]):
        assert one["identical"] == {"reference": "8/8", "hflm": "8/8"}
        assert all(ratio > 0 for ratio in one["over"].values())
    assert told["speedup_over_hflm"] == told["sweeps"][2]["over"]["hflm"]
    assert told["hflm_batch_size"] in (2, 4)


def test_nothing_is_faster_than_its_limit(told):
    for one in (told["one_cell"], told["sweeps"][2], told["paper_sweep"]):
        assert all(0 < fraction < 1 for fraction in one["fractions"].values())


def test_figures_are_kept_shown_and_drawn(sweep, told, tmp_path, capsys):
    assert set(sweep.KEPT) - set(told) == {"memory_of_most_over_one"}
    sweep.show("wide", told, sweep.Console(width=100))
    assert "8/8" in capsys.readouterr().out
    sweep.draw({"wide": told}, tmp_path / "plot.svg")
    assert "ftbench" in (tmp_path / "plot.svg").read_text(encoding="utf-8")


def test_other_answers_have_no_ratio(sweep, tmp_path):
    world = sweep.wide(tmp_path / "wide", hidden=64, layers=1, prompts=2, max_tokens=2)
    seconds = {name: 1.0 for name in ("load", "base", "train", "save", "tuned", "answer")}
    said = {name: [[5], [6]] for name in ("base", "tuned", "cell0")}
    theirs = sweep.Outcome(seconds=seconds, said=said)
    ours = sweep.Outcome(seconds=seconds, said={**said, "cell0": [[5], [7]]})
    measured = sweep.Measured(
        compared=sweep.distinct(1),
        one_by_one={"reference": [theirs], "hflm": [theirs], "ours": [ours]},
        sweeps={},
        paper=ours,
    )
    with pytest.raises(SystemExit, match="3 of 4 answers are those of reference: no ratio"):
        sweep.figures(world, sweep.load_reader(world.base).chat, measured)


def test_the_page_about_speed_says_what_was_measured():
    kept = json.loads((RESULTS / "sweep.json").read_text(encoding="utf-8"))
    page = (HERE / "docs" / "performance.md").read_text(encoding="utf-8")
    said = set(re.findall(r"\d+\.\d+x", page))
    for name in kept:
        if name.startswith("speedup"):
            assert f"{kept[name]:.1f}x" in said, name
