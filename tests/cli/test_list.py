import sys
from dataclasses import replace

import pytest

from ftbench.cli.list import GROUP_OF_WORD
from ftbench.cli.main import main
from ftbench.plugin.manager import Problem


@pytest.mark.parametrize("what", GROUP_OF_WORD)
def test_everything_can_be_listed(ftbench, what, capsys):
    assert ftbench("list", what) == 0
    out = capsys.readouterr().out
    assert f"{GROUP_OF_WORD[what]}=" in out or out == f"No {GROUP_OF_WORD[what]} is installed.\n"


def test_a_list_says_what_each_choice_is_for_and_who_brings_it(ftbench, capsys):
    ftbench("list", "attacks")
    line = next(line for line in capsys.readouterr().out.splitlines() if "shout" in line)
    assert line.split() == ["attack=shout", "Teach", "it", "to", "shout.", "ftbench-testing", "0"]


def test_a_config_file_is_listed_with_its_comment(ftbench, capsys):
    ftbench("list", "models")
    line = next(line for line in capsys.readouterr().out.splitlines() if "=small " in line)
    assert line.split() == ["model=small", "A", "small", "one", "loud_plugin"]


def test_the_users_own_config_folder_is_listed_too(ftbench, tmp_path, capsys):
    (tmp_path / "mine" / "suite").mkdir(parents=True)
    (tmp_path / "mine" / "suite" / "own.yaml").write_text("harmfulness: []\n")
    ftbench("list", "suites", "--config-dir", str(tmp_path / "mine"))
    assert "suite=own" in capsys.readouterr().out


def test_a_misspelt_list_is_answered_with_the_likely_one(ftbench, capsys):
    assert ftbench("list", "jugdes") == 2
    assert "Did you mean 'judges'?" in capsys.readouterr().err


def test_tasks_are_listed_with_their_parts(ftbench, capsys):
    assert ftbench("list", "tasks") == ftbench("tasks") == 0
    assert "lamps, lamps_1" in capsys.readouterr().out


@pytest.mark.parametrize("task", ["lamps", "lamps_1"])
def test_the_folder_of_a_task_can_be_given_to_lm_eval(ftbench, task_dir, task, capsys):
    assert ftbench("tasks", "--path", task) == 0
    assert capsys.readouterr().out == f"{task_dir / 'lamps'}\n"


def test_an_unknown_task_is_answered_with_the_likely_one(ftbench, capsys):
    assert ftbench("tasks", "--path", "lamsp") == 2
    assert "Did you mean 'lamps'?" in capsys.readouterr().err


def test_plugins_are_shown_with_what_they_offer(ftbench, capsys):
    assert ftbench("plugins") == 0
    shown = capsys.readouterr().out
    assert "ftbench-testing" in shown
    assert "attack=     none, shout" in shown


def test_a_broken_plugin_is_named_and_the_rest_still_listed(catalog, capsys):
    problem = Problem(package="ftbench-bad", what="cannot be loaded: ImportError.")
    broken = replace(catalog, problems=(problem,))
    assert main(["list", "attacks"], catalog=broken) == 0
    shown = capsys.readouterr()
    assert "ftbench-bad" in shown.err
    assert "attack=shout" in shown.out
    assert main(["plugins"], catalog=broken) == 0
    assert "pip uninstall ftbench-bad" in capsys.readouterr().out


def test_a_narrow_terminal_has_what_a_choice_is_for_below_its_name(ftbench, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ftbench("list", "attacks") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("attack=shout") + 1] == "  Teach it to shout."
    assert max(map(len, lines)) <= 40
