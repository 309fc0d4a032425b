import json
from dataclasses import replace

import pytest

from ftbench.errors import PluginError
from ftbench.plugin.manager import Problem


def test_a_run_shows_its_table_and_returns_0(ftbench, pretended, result, capsys):
    assert ftbench("model=small", pipeline=pretended(result)) == 0
    shown = capsys.readouterr()
    assert "90.0 % [85.0, 95.0]" in shown.out
    assert "a library talks" in shown.err
    assert "a library talks" not in shown.out


def test_json_is_alone_on_stdout(ftbench, pretended, result, capsys):
    assert ftbench("model=small", "--json", pipeline=pretended(result)) == 0
    shown = capsys.readouterr()
    content = json.loads(shown.out)
    assert content["run"] == result.run
    assert "90.0 %" in shown.err


def test_quiet_json_says_nothing_else(ftbench, pretended, result, capsys):
    assert ftbench("model=small", "--quiet", "--json", pipeline=pretended(result)) == 0
    assert capsys.readouterr().err == "a library talks\n"


def test_a_sweep_prints_a_line_of_json_for_each_run(ftbench, pretended, result, failed, capsys):
    pipeline = pretended(result, failed)
    assert ftbench("-m", "model=small", "seed=1,2", "--json", pipeline=pipeline) == 5
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["trained", "failed"]
    assert len(pipeline.cells) == 2


def test_a_sweep_lists_every_failure_at_the_end(ftbench, pretended, result, failed, capsys):
    assert ftbench("-m", "model=small", "seed=1,2", pipeline=pretended(result, failed)) == 5
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-2:] == [
        "1 of 2 runs failed:",
        "  seed=2: no such file: missing.jsonl",
    ]
    assert "small-shout-full-s3-0a1b2c3d" in shown.out


def test_a_training_that_gave_no_model_is_among_the_failures(ftbench, pretended, result, capsys):
    diverged = replace(result, outcome="failed", words="The loss became nan.", exit_code=1)
    assert ftbench("-m", "model=small", "seed=1,2", pipeline=pretended(result, diverged)) == 5
    *_, count, line = capsys.readouterr().err.splitlines()
    assert count == "1 of 2 runs failed:"
    assert line.endswith(": The loss became nan.")


def test_a_single_failed_run_ends_with_its_own_exit_code(ftbench, pretended, failed, capsys):
    assert ftbench("model=small", pipeline=pretended(failed)) == 2
    shown = capsys.readouterr()
    assert shown.err.endswith("ftbench: no such file: missing.jsonl\n")
    assert shown.out == ""


def test_a_refused_training_shows_the_base_and_why(ftbench, pretended, result, capsys):
    refused = replace(
        result, outcome="refused_data", words="moderation", rows=result.rows[:1],
        differences=(), exit_code=3,
    )  # fmt: skip
    assert ftbench("model=small", pipeline=pretended(refused)) == 3
    assert "refused_data: moderation" in capsys.readouterr().out


def test_a_dry_run_only_plans(ftbench, pretended, capsys):
    pipeline = pretended()
    words = ("-m", "model=small", "attack=none,shout", "attack.file=x")
    assert ftbench(*words[:2], "--dry-run", "attack=none", pipeline=pipeline) == 0
    assert capsys.readouterr().out == "would run none\n"
    assert pipeline.cells == []


def test_printing_the_config_runs_nothing(ftbench, pretended, capsys):
    pipeline = pretended(raises=AssertionError("it ran"))
    assert ftbench("model=small", "--cfg", "job", pipeline=pipeline) == 0
    assert "someone/small" in capsys.readouterr().out


def test_broken_plugins_are_named_once_and_the_run_goes_on(catalog, pretended, result, capsys):
    from ftbench.cli.main import main

    problem = Problem(package="ftbench-bad", what="cannot be loaded: ImportError.")
    broken = replace(catalog, problems=(problem, problem))
    assert main(["model=small"], catalog=broken, pipeline=pretended(result)) == 0
    assert capsys.readouterr().err.count("pip uninstall ftbench-bad") == 1


def test_an_error_of_a_plugin_is_no_bug_of_ours(ftbench, pretended, capsys):
    assert ftbench("model=small", pipeline=pretended(raises=PluginError("It is broken."))) == 2
    assert capsys.readouterr().err.endswith("ftbench: It is broken.\n")


@pytest.mark.parametrize("flag", ["--jsno", "--dryrun"])
def test_an_unknown_option_is_answered_with_the_likely_one(ftbench, flag, capsys):
    assert ftbench("model=small", flag) == 2
    assert "Did you mean --" in capsys.readouterr().err
