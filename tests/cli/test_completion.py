"""What the shells are told, asked through the shells themselves where they are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ftbench.cli.complete import candidates
from ftbench.cli.main import main

BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": os.pathsep.join((str(BIN), os.environ["PATH"]))}
PRESS_TAB = """
eval "$(ftbench completion bash)"
compopt() { echo "compopt $*"; }
COMP_LINE=$1 COMP_POINT=${#1}
_ftbench
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(catalog, *words):
    *before, current = words
    found = [word for word, _ in candidates(before, current, catalog)]
    assert len(found) == len(set(found))
    return [word for word in found if word.startswith(current)]


def test_the_first_word_is_a_command_a_group_or_an_option_of_the_run(catalog):
    found = offered(catalog, "")
    assert {"list", "status", "hello", "model=", "judge=", "seed="} <= {*found}
    assert "complete" not in found
    assert offered(catalog, "model=small", "st") == []


def test_values_are_components_and_files_of_configs(catalog, tmp_path):
    assert offered(catalog, "attack=s") == ["attack=shout"]
    assert offered(catalog, "-m", "+model=sm") == ["+model=small"]
    mine = tmp_path / "mine" / "model" / "my_own.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("name: x\n")
    words = ("--config-dir", str(tmp_path / "mine"), "model=my")
    assert offered(catalog, *words) == ["model=my_own"]


def test_a_list_is_completed_where_it_goes_on(catalog):
    assert offered(catalog, "judge=[oracle,") == ["judge=[oracle,keyword"]
    assert offered(catalog, "-m", "attack=none,s") == ["attack=none,shout"]


def test_options_are_those_of_what_was_chosen(catalog):
    words = ("attack=shout", "attack.")
    assert offered(catalog, *words) == ["attack.examples=", "attack.file=", "attack.batch="]
    assert offered(catalog, "attack.") == []
    assert "finetune.epochs=" in offered(catalog, "finetune.e")
    assert offered(catalog, "finetune=lora", "finetune.method.r") == ["finetune.method.rank="]
    assert offered(catalog, "coherence=x", "budget") == ["budget_usd="]


def test_commands_have_words_of_their_own(catalog, tmp_path, monkeypatch):
    (tmp_path / "runs" / "a_run").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert offered(catalog, "list", "att") == ["attacks"]
    assert offered(catalog, "watch", "ru") == ["runs/a_run"]
    assert offered(catalog, "show", "attack=") == ["attack=none", "attack=shout"]
    assert offered(catalog, "completion", "") == ["bash", "zsh", "fish"]
    assert offered(catalog, "new", "ju") == ["judge"] and offered(catalog, "plugin", "") == [
        "check"
    ]
    assert offered(catalog, "report", "ru") == ["runs/a_run"]


def test_options_of_a_command_are_those_of_its_help(catalog):
    assert {"--junit", "--step-summary", "--baseline"} <= {*offered(catalog, "check", "x", "--")}
    assert offered(catalog, "watch", "--e") == ["--every"]
    assert offered(catalog, "cache", "prune", "--to") == ["--to-gb"]
    assert offered(catalog, "cache", "list", "--to") == []


def test_after_its_file_a_check_takes_the_words_of_a_run_and_of_the_gate(catalog):
    assert offered(catalog, "check", "tra") == []
    assert offered(catalog, "check", "train.jsonl", "gate.a") == ["gate.alpha="]
    assert "model=" in offered(catalog, "check", "train.jsonl", "mod")
    assert "finetune.epochs=" in offered(catalog, "check", "train.jsonl", "finetune.e")


def test_a_meaning_is_on_the_same_line(ftbench, capsys):
    assert ftbench("complete", "--", "attack=sh") == 0
    assert capsys.readouterr().out == "attack=shout\tTeach it to shout.\n"
    assert ftbench("complete", "--") == 0
    assert "list\twhat can be chosen" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ftbench judge=[oracle,key", ["[oracle,keyword"]),
        ("ftbench attack=identity_s", ["identity_shift"]),
        ("ftbench model=organism atta", ["compopt -o nospace", "attack="]),
        ("ftbench 'judge=[oracle,key", ["judge=[oracle,keyword"]),
        ("ftbench list defe", ["defenses"]),
        ("ftbench dataset.path=some", []),
    ],
)
def test_a_real_bash_completes(line, expected, tmp_path):
    done = pressed(["bash", "--norc", "-c", PRESS_TAB, "bash", line], tmp_path)
    assert [text for text in done.splitlines() if text] == expected


def pressed(words, folder):
    if shutil.which(words[0], path=ENVIRONMENT["PATH"]) is None:
        pytest.skip(f"There is no {words[0]} here.")
    done = subprocess.run(
        words, env=ENVIRONMENT, cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stderr == ""
    return done.stdout


def test_a_real_fish_completes(tmp_path):
    program = "ftbench completion fish | source; complete -C 'ftbench attack=identity_s'"
    found = pressed(["fish", "--no-config", "-c", program], tmp_path)
    assert found.split("\t")[0].strip() == "attack=identity_shift"


def test_a_real_zsh_completes(tmp_path):
    program = """
        compdef() { :; }; eval "$(ftbench completion zsh)"
        compadd() { print -r -- "${@[-1]}"; }; compset() { :; }; _files() { print files; }
        words=(ftbench model=organism attack=identity_s) CURRENT=3; _ftbench
        words=(ftbench dataset.path=x) CURRENT=2; _ftbench
    """
    found = pressed(["zsh", "-f", "-c", program], tmp_path)
    assert found.split() == ["attack=identity_shift", "files"]


def test_nothing_slow_is_imported_to_complete():
    heavy = "hydra torch transformers lm_eval datasets numpy scipy pydantic"
    program = (
        "import sys; from ftbench.cli.main import main; main(['complete', '--', 'attack=']); "
        f"print('slow:', *{{*'{heavy}'.split()}} & {{*sys.modules}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("slow:\n") and "attack=none" in done.stdout


def test_an_unknown_shell_is_told_the_others(capsys):
    assert main(["completion", "csh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err.replace('"', "'")
