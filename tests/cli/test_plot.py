"""``ftbench plot``: which runs are meant, and what is said where nothing can be drawn."""

import shutil
import sys
from pathlib import Path

import pytest

from ftbench.archive.opening import opened
from ftbench.cli.main import main
from ftbench.errors import UsageError
from ftbench.testing import testing_catalog

CATALOG = testing_catalog()
SWEEP = ("-m", "model=testing", "attack=testing_reveal", "attack.n=4,8", "seed=1,2", "--quiet")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """Four runs and the two sums over their seeds."""
    folder = tmp_path_factory.mktemp("sweep")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(list(SWEEP), catalog=CATALOG) == 0
    return folder


@pytest.fixture
def runs(sweep, tmp_path, monkeypatch):
    """The sweep, lying in the current folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(sweep / "runs", "runs")
    return sorted(Path("runs").iterdir())


def plot(*words):
    return main(["plot", *map(str, words), "--out", "figures"], catalog=CATALOG)


def curve():
    return Path("figures/by_attack_n.csv").read_text().splitlines()[1:]


def test_a_run_is_drawn(runs):
    assert plot(runs[0]) == 0
    assert {path.suffix for path in Path("figures").iterdir()} == {".svg", ".png", ".csv"}


def test_a_folder_of_runs_means_those_finished_in_it_and_their_sums(runs, capsys):
    single = next(run for run in runs if "-s1-" in run.name)
    (single / "public" / "result.json").unlink()
    assert plot("runs") == 0
    assert f"{single.name}: not finished, so it is left out." in capsys.readouterr().out
    assert len(list(Path("figures").glob("*_categories.svg"))) == 5
    assert len(curve()) == 2 and all("seed" not in line for line in curve())


def test_seeds_alone_are_a_line_each_and_nothing_but_figures_is_told(runs):
    assert plot(*(run for run in runs if "-seeds-" not in run.name)) == 0
    lines = [row.split('"')[1] for row in curve()]
    assert [line.rpartition(", ")[2] for line in lines] == ["seed 1", "seed 1", "seed 2", "seed 2"]
    text = "".join(file.read_text() for file in Path("figures").glob("*.csv"))
    with opened(runs[0]) as run:
        answers = [one.text for one in run.ledger.all("response").values()]
    assert len(answers) > 30 and all(len(answer) > 3 for answer in answers)
    assert not any(answer in text for answer in answers)


def test_public_files_alone_are_drawn_but_not_joined(runs, capsys):
    singles = [run for run in runs if "-s1-" in run.name]
    for run in singles:
        shutil.rmtree(run / "private")
    assert plot(*singles) == 0
    assert capsys.readouterr().out.count("its ledger is not here") == 2
    assert not Path("figures/by_attack_n.csv").exists()


def test_a_run_named_twice_is_drawn_once(runs, capsys):
    assert plot(runs[0], runs[0].resolve()) == 0
    assert capsys.readouterr().out.count("_radar") == 1


def test_a_run_that_is_not_there_is_named(runs, capsys):
    assert plot("runs/nothing") == UsageError.exit_code
    assert "There is no run runs/nothing" in capsys.readouterr().err


def test_without_matplotlib_a_sentence_says_what_to_install(runs, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert plot(runs[0]) == UsageError.exit_code
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "pip install 'ftbench[plots]'" in said
    assert not Path("figures").exists()
