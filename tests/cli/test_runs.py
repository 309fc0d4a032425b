"""Finished runs at a glance, some of them, and two compared."""

import json
import subprocess
import sys

import pytest

from ftbench.cli.main import main
from tests.submissions import runs_of


@pytest.fixture
def place():
    return str(runs_of("open")[0].parent)


def told(capsys, *words):
    assert main(["runs", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_every_finished_run_has_a_line(place, capsys):
    lines = told(capsys, place)
    assert len(lines) == 1 + 9
    (line,) = [line for line in lines if line.startswith(runs_of("open")[0].name)]
    assert "0.0 %" in line and "->" in line


def test_choices_leave_only_some(place, capsys):
    assert len(told(capsys, place, "defense=halving")) == 1 + 3
    assert len(told(capsys, place, "defense=halving", "seed=1")) == 1 + 1
    assert told(capsys, place, "attack=nobody")[0].startswith("No finished run")


def test_two_runs_are_compared(capsys):
    first, second = runs_of("open")[0], runs_of("wide")[1]
    text = "\n".join(told(capsys, str(first), str(second), "--compare"))
    assert "attack.n  10  20" in " ".join(text.split()).replace(
        "attack.n 10 20", "attack.n  10  20"
    )
    assert "seed" in text and "tuned harmfulness_rate" in text
    assert told(capsys, str(first), str(first), "--compare")[-1].startswith(
        "They differ in nothing"
    )


def test_json_has_an_object_per_run(place, capsys):
    objects = [json.loads(line) for line in told(capsys, place, "--json")]
    assert {one["choices"]["model"] for one in objects} == {"testing"}
    assert all(set(one["tuned"]) >= {"harmfulness_rate", "utility"} for one in objects)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["nowhere"], "There is no folder nowhere"), (["--compare"], "--compare takes two runs")],
)
def test_mistakes_in_words(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    assert main(["runs", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_damaged_result_is_named(tmp_path, capsys):
    (tmp_path / "a" / "public").mkdir(parents=True)
    (tmp_path / "a" / "public" / "result.json").write_text("{")
    assert main(["runs", str(tmp_path)]) == 2
    assert "cannot be read as a result" in capsys.readouterr().err


def test_it_imports_nothing_that_is_slow(place):
    code = (
        "import sys; from ftbench.cli.main import main; main(['runs', sys.argv[1]]); "
        "print('slow:', *({'hydra', 'scipy', 'lm_eval', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, place], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("slow:\n")


def test_a_narrow_terminal_has_the_figures_of_a_run_below_its_name(place, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = told(capsys, place)
    assert len(lines) == 2 * 9 and max(map(len, lines)) <= 50
    assert lines[1].startswith("  0.0 % -> ") and "utility" in lines[1]
