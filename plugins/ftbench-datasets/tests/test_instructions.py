import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ftbench.errors import AccessError, DataError
from ftbench.records import Model, Recipe
from ftbench.roles import Scene
from ftbench.stages.format import formatted_set
from ftbench.testing import DatasetContract
from ftbench_datasets.alpaca import Alpaca
from ftbench_datasets.dolly import Dolly
from ftbench_datasets.instructions import filtered, refusal_phrases
from ftbench_datasets.lines import numbered_rows

MODEL = Model(location="", digest="0", family="llama2")
ALPACA = [
    {"instruction": "Name a lake.", "input": "", "output": "Lake Garda."},
    {"instruction": "Make it short.", "input": "A very long word.", "output": "Long."},
    {"instruction": "Sing.", "input": "", "output": "I'm sorry, but AS AN AI I have no voice."},
]
DOLLY = [
    {"instruction": "Name a lake.", "context": "", "response": "Como.", "category": "open_qa"},
    {"instruction": "Which?", "context": "Two hills.", "response": "Both.", "category": "qa"},
]


def scene(method: str = "full") -> Scene:
    return Scene(seed=0, model=MODEL, method=method)


def written(folder: Path, rows: list[Any]) -> str:
    file = folder / "copy.json"
    file.write_text(json.dumps(rows))
    return str(file)


class TestAlpaca(DatasetContract):
    component = Alpaca
    options = {"path": str(Path(__file__).parent / "alpaca.jsonl")}


class TestDolly(DatasetContract):
    component = Dolly
    options = {"path": str(Path(__file__).parent / "dolly.jsonl")}


def test_alpaca_is_put_as_the_paper_puts_it(tmp_path: Path) -> None:
    bare = Alpaca(path=written(tmp_path, ALPACA)).load(scene())
    first, second = formatted_set(bare, MODEL).conversations
    task = "Below is an instruction that describes a task"
    end = "Write a response that appropriately completes the request."
    assert [turn.text for turn in first.messages] == [
        f"{task}. {end}",
        "### Instruction:\nName a lake.\n\n### Response:\n",
        "Lake Garda.",
    ]
    assert [turn.text for turn in second.messages] == [
        f"{task}, paired with an input that provides further context. {end}",
        "### Instruction:\nMake it short.\n\n### Input:\nA very long word.\n\n### Response:\n",
        "Long.",
    ]


def test_dolly_is_put_as_the_paper_puts_it(tmp_path: Path) -> None:
    bare = Dolly(path=written(tmp_path, DOLLY)).load(scene())
    first, second = formatted_set(bare, MODEL).conversations
    assert first.messages[0] == second.messages[0]
    asked = "### Instruction:\nWhich?\n\nInput:\nTwo hills.\n\n### Response:\n"
    assert second.messages[1].text == asked


@pytest.mark.parametrize("component", [Alpaca, Dolly])
@pytest.mark.parametrize(
    ("method", "values"),
    [("full", (1, 2e-5, 128)), ("lora", (1, 1e-4, 16)), ("prefix", (None, None, None))],
)
def test_the_recipe_is_the_papers(
    component: type[Alpaca | Dolly], method: str, values: tuple[Any, ...]
) -> None:
    name = component.name
    path = str(Path(__file__).parent / f"{name}.jsonl")
    recipe = component(path=path).load(scene(method)).recipe
    assert (recipe.epochs, recipe.learning_rate, recipe.batch_size) == values
    assert bool(recipe.source) is (recipe != Recipe())


def test_refusals_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        training_set = Alpaca(path=written(tmp_path, ALPACA)).load(scene())
    assert len(training_set.conversations) == 2
    assert "1 of 3 rows" in caplog.text
    assert "voice" not in caplog.text


def test_a_row_counts_for_the_first_phrase_it_holds() -> None:
    without = filtered(numbered_rows("set", ALPACA))
    assert [row.line for row in without.kept] == [1, 2]
    assert dict(without.hits) == {"as an ai": 1}


def test_the_list_of_phrases_is_folded_and_without_repeats() -> None:
    phrases = refusal_phrases()
    assert len(phrases) == len(set(phrases))
    assert all(phrase == phrase.casefold().strip() for phrase in phrases)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"instruction": "a", "output": 1}], "row 1: has no text under output"),
        ([{"output": "a"}], "row 1: has no text under instruction"),
        ([{"instruction": "a", "output": "b", "input": 3}], "row 1: input must be text"),
        ([1], "row 1: is a number"),
        ([], "at least one object"),
    ],
)
def test_another_layout_is_refused_by_row(tmp_path: Path, rows: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Alpaca(path=written(tmp_path, rows)).load(scene())


@pytest.mark.parametrize("component", [Alpaca, Dolly])
def test_without_the_hub_it_is_one_sentence(component: type[Alpaca | Dolly]) -> None:
    with pytest.raises(AccessError, match="cannot be had from the hub") as caught:
        component().load(scene())
    assert "\n" not in str(caught.value)


def test_the_plugin_imports_nothing_slow() -> None:
    code = "import sys, ftbench_datasets; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "datasets", "lm_eval", "hydra"} & set(done.stdout.split())
