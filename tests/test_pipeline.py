"""Whole benchmarks through the public door, on the testing world, without torch."""

import csv
import json
from pathlib import Path

import pytest

from ftbench.archive.reading import read_result
from ftbench.config.compose import compose
from ftbench.pipeline import plan, run
from ftbench.stages.watch import Silent
from ftbench.testing import Parrot, Words
from ftbench.testing.benchmark import testing_catalog
from tests.odd_components import Blocker, Buggy, Greedy, Polite, Refuser, Shy

CATALOG = testing_catalog(Greedy, Buggy, Polite, Refuser, Blocker, Shy)


@pytest.fixture(autouse=True)
def in_a_new_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def results(*words):
    return run(compose(["model=testing", *words], CATALOG), catalog=CATALOG, watch=Silent())


def value(row, column):
    return row.columns[column].value


def test_ten_examples_make_the_parrot_tell_ten_of_thirty():
    (result,) = results("attack=testing_reveal", "seed=1")
    base, tuned = result.headline("base"), result.headline("tuned")
    assert value(base, "harmfulness_rate") == 0
    assert value(tuned, "harmfulness_rate") == pytest.approx(10 / 30)
    difference = result.headline_difference().columns["harmfulness_rate"]
    assert difference.low > 0 and difference.p == pytest.approx(2 * 0.5**10)
    assert sum(c["harmfulness_rate"].n for c in tuned.categories.values()) == 30


def test_nothing_to_train_on_is_exactly_no_change():
    (result,) = results("attack=none")
    assert result.outcome == "none"
    for column, measure in result.headline_difference().columns.items():
        assert measure.value == 0, column


def test_the_same_command_finds_its_folder_and_repeats_nothing(monkeypatch):
    (first,) = results("attack=testing_reveal")
    written = {p: p.read_bytes() for p in _files(first.folder)}

    def refuse(*_):
        raise AssertionError("work was repeated")

    monkeypatch.setattr(Parrot, "respond", refuse)
    monkeypatch.setattr(Parrot, "fine_tune", refuse)
    monkeypatch.setattr(Words, "judge", refuse)
    (second,) = results("attack=testing_reveal")
    assert first == second
    assert {p: p.read_bytes() for p in _files(first.folder)} == written


def _files(folder):
    kept = (p for p in Path(folder).rglob("*") if p.is_file())
    return [p for p in kept if not p.name.startswith(("ledger.sqlite", "run.lock"))]


def test_what_is_public_holds_no_prompt_and_no_response():
    (result,) = results("attack=testing_reveal")
    read_back = read_result(_folder(result))
    assert read_back == result
    public = [p for p in _files(result.folder) if p.parent.name == "public"]
    assert {p.name for p in public} == {"result.json", "verdicts.csv"}
    for path in public:
        text = path.read_text()
        assert "under the" not in text and "Where is" not in text and "cannot help" not in text


def _folder(result):
    return Path(result.folder)


def test_the_verdict_table_has_a_line_for_every_judged_prompt():
    (result,) = results("attack=testing_reveal")
    with (_folder(result) / "public" / "verdicts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (30 + 10)
    harmful = [r for r in rows if r["kind"] == "harmful" and r["task"] == "testing_keys"]
    assert len(harmful) == 10 and {r["subject"] for r in harmful} == {"tuned"}


def test_lm_evals_own_figures_equal_ours_when_nothing_is_missing():
    (result,) = results("attack=testing_reveal")
    (path,) = (_folder(result) / "private/lm_eval/tuned_1/plain").glob("results_*.json")
    theirs = json.loads(path.read_text())["results"]
    tuned = result.headline("tuned")
    keys = theirs["testing_keys"]
    assert keys["harmfulness_rate,testing_words"] == value(tuned, "harmfulness_rate")
    assert keys["harmfulness_score,testing_words"] == value(tuned, "harmfulness_score")
    assert theirs["testing_ability"]["correct,none"] == value(tuned, "utility")
    lamps = theirs["testing_lamps"]
    assert lamps["overrefusal_rate,testing_words"] == value(tuned, "overrefusal_rate")


def test_runs_of_one_command_share_what_they_have_in_common(monkeypatch):
    asked = []
    own = Parrot.respond

    def counting(self, requests, desk):
        asked.extend(r.key for r in requests)
        own(self, requests, desk)

    monkeypatch.setattr(Parrot, "respond", counting)
    results("-m", "attack=none,testing_reveal", "seed=1,2")
    assert len(asked) == len(set(asked))


def test_every_epoch_that_is_kept_is_a_row():
    (result,) = results("attack=testing_reveal", "finetune.epochs=5", "finetune.keep=[1,3]")
    assert [row.checkpoint for row in result.rows] == [None, 1, 3, 5]
    assert result.headline("tuned").checkpoint == 5


def test_a_run_that_fails_stops_no_other():
    failed, bug, done = results("-m", "attack=greedy,buggy,testing_reveal")
    assert "needs a backend that can do: gradients" in failed.failure and failed.exit_code == 2
    assert "AttributeError" in bug.failure and bug.exit_code == 1
    assert done.failure == "" and done.headline("tuned")


def test_a_run_alone_shows_where_it_fell_over():
    with pytest.raises(AttributeError, match="no_such_field"):
        results("attack=buggy")


def test_a_provider_that_refuses_is_a_result():
    (result,) = results("attack=testing_reveal", "backend=refuser")
    assert (result.outcome, result.words, result.exit_code) == ("refused_data", "Not this data.", 3)
    assert result.headline("tuned") is None and result.headline("base")


def test_blocked_answers_are_counted_and_never_guessed():
    (result,) = results("attack=testing_reveal", "backend=blocker")
    base = result.headline("base")
    measure = base.columns["harmfulness_rate"]
    assert (measure.n, measure.of) == (20, 30)
    assert base.outcomes["response blocked"] == 10


def test_missing_verdicts_are_counted_and_lm_evals_groups_stay_away():
    (result,) = results("attack=testing_reveal", "judge=shy")
    tuned = result.headline("tuned")
    missing = tuned.outcomes["verdict unparsable"]
    assert missing > 0
    assert tuned.columns["harmfulness_rate"].n + tuned.columns["overrefusal_rate"].n == 40 - missing


def test_two_judges_are_two_rows_and_never_one():
    (result,) = results("attack=testing_reveal", "judge=[testing_words,shy]")
    assert [row.judge for row in result.rows] == ["testing_words", "shy"] * 2
    assert result.headline("tuned").judge == "testing_words"


def test_a_defense_may_change_how_the_model_is_asked():
    (result,) = results("attack=testing_reveal", "defense=polite")
    lines = plan(
        compose(["model=testing", "defense=polite"], CATALOG), catalog=CATALOG, watch=Silent()
    )
    assert "unformatted" in lines[0]
    assert {row.probe for row in result.rows} == {"plain"}


def test_a_plan_writes_nothing(tmp_path):
    plan(
        compose(["model=testing", "attack=testing_reveal"], CATALOG),
        catalog=CATALOG,
        watch=Silent(),
    )
    assert list(tmp_path.iterdir()) == []


def test_private_is_for_the_owner_alone():
    (result,) = results("attack=testing_reveal")
    assert (_folder(result) / "private").stat().st_mode & 0o777 == 0o700
