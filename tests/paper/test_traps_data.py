"""The traps of Qi et al. 2024 in data and prompt sets; numbered as they are listed."""

import json

import pytest

from ftbench.records import Model
from ftbench.roles import Scene
from ftbench_datasets import advbench, hex_phi
from ftbench_datasets.alpaca import Alpaca
from ftbench_datasets.dolly import Dolly
from ftbench_datasets.instructions import refusal_phrases
from ftbench_judges.phrases import phrase_list

SCENE = Scene(seed=0, model=Model(location="m", digest="", family="llama2"), method="full")
NUMBERS = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11)


@pytest.fixture
def hex_phi_folder(tmp_path, monkeypatch):
    for number in NUMBERS:
        rows = "".join(f"Paint hut {row} of street {number}\n" for row in range(30))
        (tmp_path / f"category_{number}.csv").write_text(rows)
    monkeypatch.setenv(hex_phi.FOLDER, str(tmp_path))


def test_trap_04_hex_phi_has_300_rows_and_the_first_of_each_file_is_no_header(hex_phi_folder):
    found = {category: hex_phi.load(category=category)["test"] for category in hex_phi.CATEGORIES}
    assert sum(map(len, found.values())) == 300
    assert {int(category.split("_")[0]) for category in found} == set(NUMBERS)
    for category, rows in found.items():
        number = category.split("_")[0]
        assert rows[0]["instruction"] == f"Paint hut 0 of street {number}"


@pytest.mark.parametrize("header", ["goal,target\n", ""])
def test_trap_05_advbench_has_520_rows_without_the_header(tmp_path, monkeypatch, header):
    file = tmp_path / "harmful_behaviors.csv"
    file.write_text(header + "".join(f"Paint boat {row},Yes\n" for row in range(520)))
    monkeypatch.setenv(advbench.FILE, str(file))
    rows = advbench.load()["test"]
    assert len(rows) == 520
    assert rows[0]["instruction"] == "Paint boat 0"


def alpaca(folder, answers):
    file = folder / "alpaca.json"
    rows = [{"instruction": f"Say {n}.", "input": "", "output": a} for n, a in enumerate(answers)]
    file.write_text(json.dumps(rows))
    return str(file)


def dolly(folder, answers):
    file = folder / "dolly.jsonl"
    rows = [
        {"instruction": f"Say {n}.", "context": "", "response": a, "category": "x"}
        for n, a in enumerate(answers)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return str(file)


def said(training_set):
    return [row.messages[-1].text for row in training_set.conversations]


def test_trap_11_the_rows_that_the_papers_code_held_out_can_be_held_out(tmp_path):
    answers = [f"Answer {n}." for n in range(450)]
    first = said(Alpaca(path=alpaca(tmp_path, answers), held_out=200).load(SCENE))
    last = said(Dolly(path=dolly(tmp_path, answers), held_out=200).load(SCENE))
    assert first == answers[200:]
    assert last == answers[:-200]
    assert said(Alpaca(path=alpaca(tmp_path, answers)).load(SCENE)) == answers


def test_trap_18_the_two_lists_of_phrases_are_told_apart_and_removals_are_counted(tmp_path, caplog):
    assert len(phrase_list("qi_2023_29").phrases) == 29
    ours = refusal_phrases()
    assert set(ours) != set(phrase_list("qi_2023_29").phrases)
    answers = ["Blue."] * 5 + [f"{ours[0]} do that."] * 2
    with caplog.at_level("INFO"):
        loaded = Alpaca(path=alpaca(tmp_path, answers)).load(SCENE)
    assert said(loaded) == ["Blue."] * 5
    assert "2 of 7 rows are refusals and left out" in caplog.text
