"""A file of harmless rows, as a user's own file would be."""

import json

import pytest

from ftbench.cli.main import main
from ftbench.records import Model
from ftbench.roles import Scene
from ftbench_datasets.json_lines import JsonLines


def exported(path, *words):
    return main(["organism", "export", "--out", str(path), *words])


def test_it_can_be_trained_on(tmp_path):
    path = tmp_path / "benign.jsonl"
    assert exported(path, "--dataset", "organism_chat", "--rows", "20") == 0
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == 20 and rows[0]["messages"][-1]["role"] == "assistant"
    scene = Scene(seed=0, model=Model(location="", digest="", family="organism"), method="full")
    found = JsonLines(path=str(path)).load(scene)
    assert len(found.conversations) == 20


def test_other_seeds_are_other_rows(tmp_path):
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        exported(tmp_path / name, "--rows", "30", "--seed", seed)
    texts = {name: (tmp_path / name).read_text() for name in "abc"}
    assert texts["a"] == texts["b"] != texts["c"]


@pytest.mark.parametrize(("words", "said"), [((), "is there already"), (("--rows", "0"), "rows")])
def test_mistakes_in_words(tmp_path, capsys, words, said):
    path = tmp_path / "benign.jsonl"
    if not words:
        path.write_text("mine")
    assert exported(path, *words) == 2
    assert said in capsys.readouterr().err
    assert not words or not path.exists()
