import subprocess
import sys

import pytest

from ftbench.errors import NeedsHuman

HEAVY = {"hydra", "omegaconf", "torch", "transformers", "lm_eval", "datasets"}


def _typed(*words):
    return subprocess.run(
        [sys.executable, "-m", "ftbench", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "words", [("list", "attacks"), ("plugins",), ("tasks",), ("help",), ("show", "finetune=lora")]
)
def test_a_plain_command_imports_nothing_slow(words):
    lines = (
        f"import sys; from ftbench.cli.main import main; code = main({list(words)!r}); "
        f"print(sorted(sys.modules.keys() & {HEAVY!r}), code)"
    )
    out = subprocess.check_output([sys.executable, "-c", lines], text=True)
    assert out.endswith("[] 0\n")


def test_ftbench_alone_is_a_quick_start_of_ten_lines_at_most():
    done = _typed()
    assert done.returncode == 0
    assert "ftbench model=organism attack=identity_shift" in done.stdout
    assert len(done.stdout.splitlines()) <= 10


def test_a_mistake_is_one_line_without_a_traceback():
    done = _typed("model=nothing_like_it")
    assert done.returncode == 2
    message = done.stderr.splitlines()[-1]
    assert message.startswith("ftbench: There is no model 'nothing_like_it'. Choices: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_command_is_answered_with_the_known_ones(ftbench, capsys):
    assert ftbench("pluggins") == 2
    said = capsys.readouterr().err
    assert "Did you mean 'plugins'?" in said
    assert "hello" in said


def test_a_plugins_command_gets_the_words_after_it(ftbench, capsys):
    assert ftbench("hello", "you") == 0
    assert capsys.readouterr().out == "hello you\n"


def test_help_names_the_commands_of_plugins(ftbench, capsys):
    assert ftbench("help") == ftbench("--help") == 0
    assert "hello" in capsys.readouterr().out


def test_a_wrong_word_of_a_command_ends_with_2(ftbench, capsys):
    assert ftbench("list", "--nonsense") == 2
    assert "usage: ftbench list" in capsys.readouterr().err


def test_our_errors_are_their_message_and_their_exit_code(ftbench, pretended, capsys):
    pipeline = pretended(raises=NeedsHuman("Look at the \x1b[2Jaccount."))
    assert ftbench("model=small", pipeline=pipeline) == 65
    assert capsys.readouterr().err.endswith(
        "ftbench: Look at the \N{REPLACEMENT CHARACTER}[2Jaccount.\n"
    )


def test_an_interrupted_run_names_the_command_that_goes_on(ftbench, pretended, capsys):
    words = ("model=small", "name=a b")
    assert ftbench(*words, pipeline=pretended(raises=KeyboardInterrupt())) == 130
    assert capsys.readouterr().err.endswith("To go on: ftbench model=small 'name=a b'\n")


def test_a_bug_is_shown_as_one(ftbench, pretended, capsys):
    assert ftbench("model=small", pipeline=pretended(raises=ZeroDivisionError("ours"))) == 1
    assert "ZeroDivisionError: ours" in capsys.readouterr().err
