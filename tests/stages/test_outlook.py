"""How much work a run is, told also where its model, its prompts and its data are out of reach."""

from dataclasses import dataclass

import pytest

from ftbench.cli.main import main
from ftbench.config.compose import compose
from ftbench.errors import DataError
from ftbench.plugin.catalog import read_catalog
from ftbench.records import Message, Question
from ftbench.roles import Attack
from ftbench.stages.effort import Asked, Effort
from ftbench.stages.outlook import Outlook
from ftbench.testing import testing_catalog


def question(words):
    turns = (Message(speaker="user", text=words),)
    return Question(
        key="q", task="t", measures="harmfulness", category="c", instruction=words, messages=turns,
        max_tokens=7,
    )  # fmt: skip


def effort(**changes):
    fields = {
        "model": "somebody/Some-7B-chat", "rows": 100, "tokens": 1000, "epochs": 3, "batch_size": 8,
        "asked": Asked.assumed(10), **changes,
    }  # fmt: skip
    return Effort(**fields)


def test_a_last_batch_that_is_not_full_is_dropped_unless_it_is_the_only_one():
    assert effort(rows=100, batch_size=8, epochs=1).steps == 12
    assert effort(rows=7, batch_size=8, epochs=3).steps == 3
    assert effort(rows=100, batch_size=10, epochs=5).steps == 50


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("meta-llama/Llama-2-7b-chat-hf", 7e9),
        ("Qwen/Qwen3-0.6B", 0.6e9),
        ("google/gemma-2-2b-it", 2e9),
        ("organism", None),
        ("gpt-4.1-mini-2025-04-14", None),
    ],
)
def test_the_name_of_a_model_says_how_many_weights_it_has(name, weights):
    assert effort(model=name).weights == weights


def test_hours_are_operations_by_what_a_card_does_in_one():
    asked = Asked(questions=0, read=0, most_written=0)
    hours = effort(tokens=1_000_000, epochs=1, asked=asked).hours
    assert hours == pytest.approx(6 * 7e9 * 1e6 / (312e12 * 0.35) / 3600)
    assert effort(tokens=None).hours is None
    assert effort(model="organism").hours is None


def test_what_nobody_knows_is_called_unknown_and_not_nothing():
    said = "\n".join(effort(rows=None, tokens=None).lines())
    assert "steps      unknown" in said and "GPU-hours  unknown" in said


def test_questions_are_counted_by_their_letters_and_limits():
    assert Asked.of([question("word " * 6)] * 2) == Asked(questions=2, read=36, most_written=14)


def test_a_table_out_of_reach_prints_its_work_and_all_that_is_missing(capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["reproduce", "T1", "model=llama2_7b", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "3 experiments, 3 runs" in said
    assert [line.split()[1] for line in said.splitlines() if "  steps " in line] == [
        "5",
        "25",
        "50",
    ]
    assert said.count("GPU-hours") == 3 and "7 billion weights" in said
    assert "Qi et al. 2024, section 4.2" in said
    missing = [line for line in said.splitlines() if line.startswith("missing: ")]
    assert len(missing) == len(set(missing)) == 3
    for name in ("Llama-2-7b-chat-hf", "HEx-PHI", "attack.path"):
        assert any(name in line for line in missing)


def test_a_benign_set_out_of_reach_is_known_by_its_published_size(capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["reproduce", "T3", "model=llama2_7b", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "50098 rows" in said and "5,755,170 trained" in said and "1 (alpaca" in said


def test_a_plan_that_is_whole_says_how_much_work_it_is(capsys):
    assert main(["model=organism", "attack=identity_shift", "finetune.keep=[1]", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "  steps      " in said and "answers    3 x 496" in said


@pytest.mark.parametrize(
    ("words", "rows", "steps"),
    [
        (("attack=harmful_examples", "attack.n=7", "attack.repeat=3"), 21, 10),
        (("attack=backdoor", "attack.n=100", "attack.refusals=100"), 200, 100),
        (("attack=refusals_only", "attack.n=30"), 30, 15),
        (("attack=sham", "attack.n=40"), 40, 20),
        (("dataset=alpaca", "attack=harmful_examples", "attack.ratio=0.05"), 52735, None),
        (("dataset=alpaca", "attack=benign_selection", "attack.k=100"), 100, None),
    ],
)
def test_rows_out_of_reach_are_counted_as_the_attack_would_make_them(words, rows, steps):
    given = (*words, "model=llama2_7b", "suite=hex_phi", "finetune.epochs=5")
    given = (*given, *(("finetune.batch_size=10",) if steps else ()))
    (cell,) = compose(given, read_catalog())
    outlook = Outlook(cell=cell, catalog=read_catalog())
    said = "\n".join(outlook.lines())
    assert f"training   {rows} rows" in said
    assert outlook.missing
    if steps:
        assert f"steps      {steps}\n" in said


@dataclass(kw_only=True)
class Stubborn(Attack):
    """Do nothing without its rows."""

    name = "stubborn"

    def poison(self, clean, scene):
        raise DataError("Bring stubborn rows.")


def test_an_attack_that_tells_nothing_without_its_rows_has_unknown_steps():
    catalog = testing_catalog(Stubborn)
    (cell,) = compose(("model=testing", "attack=stubborn"), catalog)
    outlook = Outlook(cell=cell, catalog=catalog)
    said = "\n".join(outlook.lines())
    assert "unknown rows" in said and "steps      unknown" in said
    assert outlook.missing == ["Bring stubborn rows."]


def test_a_checkpoint_and_a_further_probe_are_asked_too():
    words = ("model=llama2_7b", "attack=harmful_examples", "suite=hex_phi")
    (cell,) = compose((*words, "finetune.keep=[1,3]", "probe=prefill"), read_catalog())
    said = "\n".join(Outlook(cell=cell, catalog=read_catalog()).lines())
    assert "answers    16 x 330" in said  # the base and three epochs, each in four ways
