"""The template of a board: its example is whole, and its workflows trust nobody."""

from pathlib import Path

import pytest
import yaml

from ftbench.cli.main import main
from ftbench.leaderboard.finding import submissions_in

TEMPLATE = Path(__file__).parents[2] / "leaderboard"


def workflow(name):
    return yaml.safe_load((TEMPLATE / ".github" / "workflows" / name).read_text())


def test_the_example_is_whole_and_has_a_site(tmp_path, capsys):
    assert main(["leaderboard", "verify", str(TEMPLATE)]) == 0
    assert capsys.readouterr().out.count(": whole:") == len(submissions_in(TEMPLATE)) == 5
    assert main(["leaderboard", "build", str(TEMPLATE), "--out", str(tmp_path / "site")]) == 0
    assert "5 entries, 2 tracks, 0 broken" in capsys.readouterr().out
    assert "the organism suite" in (tmp_path / "site" / "index.html").read_text()


def test_the_rules_of_another_board_may_hold(tmp_path, capsys):
    (tmp_path / "board.json").write_text('{"prompt_sets": {"' + "0" * 64 + '": "others"}}')
    words = ["leaderboard", "verify", str(TEMPLATE), "--rules", str(tmp_path)]
    assert main(words) == 2
    assert "wrong prompt set" in capsys.readouterr().out


def test_rules_that_cannot_be_read_are_named(tmp_path, capsys):
    (tmp_path / "board.json").write_text('{"judges": []}')
    words = ["leaderboard", "verify", str(TEMPLATE), "--rules", str(tmp_path)]
    assert main(words) == 2
    assert "board.json cannot be used" in capsys.readouterr().err


def test_a_request_is_checked_without_secrets_by_the_base_branch():
    text = (TEMPLATE / ".github" / "workflows" / "verify.yml").read_text()
    told = workflow("verify.yml")
    assert "secrets." not in text and "pull_request_target" not in text
    assert told["permissions"] == {"contents": "read"}
    assert list(told[True]) == ["pull_request"]  # YAML reads "on" as true
    runs = [step["run"] for step in told["jobs"]["verify"]["steps"] if "run" in step]
    assert runs[0].endswith("base/requirements.txt") and runs[-1].endswith("--rules base")
    assert not any("${{" in run for run in runs)


@pytest.mark.parametrize("name", ["verify.yml", "publish.yml"])
def test_no_checkout_keeps_a_token(name):
    for job in workflow(name)["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
