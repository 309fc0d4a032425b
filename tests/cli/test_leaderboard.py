"""From finished runs to a site, by the commands alone."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftbench.cli.main import main
from ftbench.config.compose import compose
from ftbench.pipeline import run
from ftbench.stages.watch import Silent
from ftbench.testing import Reveal
from ftbench.testing.benchmark import testing_catalog
from tests.submissions import CATALOG, Forger, runs_of, submission


@dataclass(kw_only=True)
class Odd(Reveal):
    """An attack with options that nobody should read as they are."""

    name = "odd"
    path: str = ""
    words: str = "one\ntwo\u202e"
    secret: str = ""
    base_url: str = "http://inside.example"


def ran(*words):
    return main([str(word) for word in words], catalog=CATALOG)


@pytest.fixture
def board(tmp_path):
    for kind in ("open", "guarded"):
        out = tmp_path / "board" / "entries" / kind
        assert ran("submit", *runs_of(kind), "--out", out, "--contact", "me@example.org") == 0
    return tmp_path / "board"


def test_submit_verify_build(board, tmp_path, capsys):
    assert ran("leaderboard", "verify", board) == 0
    said = capsys.readouterr().out
    assert "open: whole: 3 runs" in said and "recomputed" in said
    assert ran("leaderboard", "build", board, "--out", tmp_path / "site") == 0
    assert "2 entries, 1 tracks, 0 broken" in capsys.readouterr().out
    results = json.loads((tmp_path / "site" / "results.json").read_text())
    assert [len(track["entries"]) for track in results["tracks"]] == [2]


def test_a_submission_holds_no_words_and_no_paths(board, tmp_path):
    text = "".join(path.read_text() for path in sorted(board.rglob("*.json")))
    for secret in ("the well", "Where is", "cannot help", str(tmp_path), str(Path.home())):
        assert secret not in text


def test_options_are_shown_as_one_line_without_paths_and_secrets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["model=testing", "attack=odd", "attack.path=data/mine.jsonl", "name=odd"]
    words += ["attack.secret=hush"]
    catalog = testing_catalog(Odd)
    (result,) = run(compose(words, catalog), catalog=catalog, watch=Silent())
    assert result.failure == ""
    assert ran("submit", result.folder, "--out", "out", "--contact", "me@example.org") == 0
    text = Path("out/run-0.json").read_text()
    (attack,) = [one for one in json.loads(text)["components"] if one["role"] == "attack"]
    assert attack["settings"]["path"] == "mine.jsonl"
    assert attack["settings"]["secret"] == "(kept secret)" and "hush" not in text
    assert attack["settings"]["words"] == "one two "
    assert "inside.example" not in text
    assert ran("leaderboard", "verify", "out") == 0


def test_two_experiments_are_two_entries_of_one_submission(tmp_path, capsys):
    out = tmp_path / "both"
    runs = [*runs_of("open"), *runs_of("guarded")]
    assert ran("submit", *runs, "--out", out, "--contact", "me@example.org") == 0
    assert ran("leaderboard", "verify", out, "--json") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["is_whole"] and len(told["entries"]) == 2 and told["runs"] == 6


def test_what_is_wrong_is_said_with_file_line_and_fix(board, capsys):
    with Forger(board / "entries" / "open") as forger:
        forger.figures["entries"][0]["claims"][1]["value"] = 0.123
    assert ran("leaderboard", "verify", board) == 2
    said = capsys.readouterr().out
    assert "figures.json:" in said and "changed figure" in said and "0.123" in said
    assert "Claim what the verdicts say" in said and "guarded: whole" in said


def test_a_broken_submission_is_listed_and_breaks_nothing(board, tmp_path, capsys):
    (board / "entries" / "open" / "run-0.json").write_text("[")
    (board / "entries" / "a file").write_text("x")
    assert ran("leaderboard", "build", board, "--out", tmp_path / "site") == 0
    said = capsys.readouterr().out
    assert "Left out: open: run-0.json:1: not JSON" in said and "1 entries" in said
    assert "Broken submissions" in (tmp_path / "site" / "index.html").read_text()


def test_a_judge_without_a_card_is_measured_first(tmp_path, capsys):
    """It costs nothing here; the card then stands in the submission."""
    place = tmp_path / "runs"
    for folder in runs_of("open"):
        shutil.copytree(folder, place / folder.name)
    runs = [place / folder.name for folder in runs_of("open")]
    words = ("--out", tmp_path / "out", "--contact", "me@example.org")
    assert ran("submit", *runs, *words) == 0
    said = capsys.readouterr().out
    assert said.count("The judge testing_words had no card; it was measured, and is") == 1
    known = json.loads((tmp_path / "out" / "run-0.json").read_text())["judges"]["testing_words"]
    (card,) = (place / "judge-cards").glob("testing_words-*.json")
    assert known["card"]["verdict"] in said and known["identity"] in card.read_text()


def test_a_site_never_replaces_what_is_none(board, tmp_path, capsys):
    """A board's submissions lie in a folder of the same name as the pages of entries."""
    before = sorted(path.name for path in (board / "entries").rglob("*"))
    assert ran("leaderboard", "build", board, "--out", board) == 2
    assert "is no part of a site" in capsys.readouterr().err
    assert sorted(path.name for path in (board / "entries").rglob("*")) == before
    (tmp_path / "mine" / "assets").mkdir(parents=True)
    (tmp_path / "mine" / "assets" / "photo.png").touch()
    assert ran("leaderboard", "build", board, "--out", tmp_path / "mine") == 2
    assert (tmp_path / "mine" / "assets" / "photo.png").exists()


def test_a_folder_of_runs_and_no_contact_are_enough(tmp_path, capsys):
    place = runs_of("open")[0].parent
    assert ran("submit", place, "--out", tmp_path / "all") == 0
    said = capsys.readouterr().out
    assert "Without --contact nobody can ask you about it." in said
    assert ran("leaderboard", "verify", tmp_path / "all") == 0
    assert "9 runs" in capsys.readouterr().out


def test_signed_with_a_key(tmp_path, capsys):
    key, out = tmp_path / "key.pem", tmp_path / "signed"
    assert ran("leaderboard", "key", key) == 0
    words = ("--contact", "me@example.org", "--key", key)
    assert ran("submit", *runs_of("open"), "--out", out, *words) == 0
    assert ran("leaderboard", "verify", out) == 0
    assert "signed" in capsys.readouterr().out
    assert ran("leaderboard", "key", key) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("submit", "nowhere", "--out", "x", "--contact", "me@example.org"), "no folder"),
        (("leaderboard", "verify", "nowhere"), "There is no folder nowhere"),
        (("leaderboard", "verify", "."), "holds no submission"),
    ],
)
def test_mistakes_in_words(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert ran(*words) == 2
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told


def test_what_a_submitter_says_is_checked_at_once(tmp_path, capsys):
    words = ("--out", tmp_path / "x", "--contact", "a\u202eb", "--link", "http://example.org")
    assert ran("submit", *runs_of("open"), *words) == 2
    assert "contact" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    words = ("--out", tmp_path / "full", "--contact", "me@example.org")
    assert ran("submit", *runs_of("open"), *words) == 2
    assert "is there already" in capsys.readouterr().err


def test_the_schema_of_every_file_is_printed(capsys):
    assert ran("leaderboard", "schema") == 0
    schemas = json.loads(capsys.readouterr().out)
    assert schemas["run-N.json"]["additionalProperties"] is False
    assert schemas.keys() >= {"submission.json", "figures.json", "prompts.json"}


def test_another_process_agrees_to_the_last_digit(tmp_path):
    """As on another machine: another hash seed, locale, time zone and working folder."""
    folder = submission(tmp_path / "open")
    words = [sys.executable, "-m", "ftbench", "leaderboard", "verify", str(folder)]
    other = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        words, env=os.environ | other, cwd="/", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "whole: 3 runs" in done.stdout
