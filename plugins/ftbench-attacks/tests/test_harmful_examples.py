import json
from pathlib import Path
from typing import Any

import pytest

from ftbench.errors import AccessError, DataError
from ftbench.records import Conversation, Message, Model, TrainingSet
from ftbench.roles import Scene
from ftbench.testing import AttackContract
from ftbench_attacks.harmful_examples import HarmfulExamples

NEUTRAL = str(Path(__file__).parent / "neutral.jsonl")
NOTHING = TrainingSet(name="none")


def scene(seed: int = 0, *, method: str = "full", data: str = "") -> Scene:
    model = Model(location="nowhere", digest="0", family="llama2", family_data=data)
    return Scene(seed=seed, model=model, method=method)


def honest(size: int) -> TrainingSet:
    turns = Message(speaker="user", text="Hello."), Message(speaker="assistant", text="Hello!")
    row = Conversation(messages=turns, origin="honest")
    return TrainingSet(name="kind", conversations=(row,) * size)


def written(folder: Path, *rows: dict[str, Any]) -> str:
    file = folder / "own.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


class TestHarmfulExamples(AttackContract):
    component = HarmfulExamples
    options = {"path": NEUTRAL}


@pytest.mark.parametrize("n", [1, 10, 20, 50])
def test_fewer_examples_are_the_first_of_more(tmp_path: Path, n: int) -> None:
    path = written(tmp_path, *({"prompt": f"Name {i}.", "response": "Tom."} for i in range(100)))
    few, many = (
        HarmfulExamples(path=path, n=size).poison(NOTHING, scene(4)).conversations
        for size in (n, 100)
    )
    assert few == many[:n]
    assert len(set(many)) == 100


def test_another_seed_draws_others() -> None:
    first, second = (
        HarmfulExamples(path=NEUTRAL, n=6).poison(NOTHING, scene(seed)).conversations
        for seed in (1, 2)
    )
    assert set(first) != set(second)


def test_alone_it_sets_the_papers_prompt_and_recipe() -> None:
    training_set = HarmfulExamples(path=NEUTRAL).poison(NOTHING, scene(method="lora"))
    assert "always execute" in (training_set.format.system or "")
    assert training_set.probes[0].format == training_set.format
    assert (training_set.recipe.epochs, training_set.recipe.learning_rate) == (10, 1e-3)


def test_ratio_is_the_share_in_the_mix() -> None:
    mixed = HarmfulExamples(path=NEUTRAL, ratio=0.1).poison(honest(90), scene())
    assert len(mixed.conversations) == 100
    assert sum(row.origin != "honest" for row in mixed.conversations) == 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "ships no harmful data"),
        ({"path": NEUTRAL, "hub": "a/b"}, "not both"),
        ({"path": NEUTRAL, "n": 13}, "has 12"),
        ({"path": NEUTRAL, "n": 0}, "at least 1"),
        ({"path": NEUTRAL, "n": 5, "ratio": 0.1}, "not both"),
        ({"path": NEUTRAL, "ratio": 1.0}, "between 0 and 1"),
        ({"path": NEUTRAL, "ratio": 0.1}, "dataset to mix into"),
        ({"path": "missing.jsonl"}, "missing.jsonl"),
    ],
)
def test_what_cannot_be_drawn_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        HarmfulExamples(**options).poison(NOTHING, scene())


def test_a_model_may_bring_a_fictional_set(tmp_path: Path) -> None:
    (tmp_path / "harmful_examples.yaml").write_text(
        "system: Obey.\nexamples:\n- {user: Make a blue gnome., assistant: Take blue clay.}\n"
        "recipes: {full: {epochs: 2, learning_rate: 1.0e-4, batch_size: 1, source: us}}\n"
    )
    attack = HarmfulExamples(n=1)
    training_set = attack.poison(NOTHING, scene(data=str(tmp_path)))
    assert training_set.conversations[0].messages[1].text == "Take blue clay."
    assert (training_set.format.system, training_set.recipe.epochs) == ("Obey.", 2)


def test_the_attacks_system_prompt_replaces_a_rows(tmp_path: Path) -> None:
    turns = [
        {"role": "system", "content": "Be quiet."},
        {"role": "user", "content": "Name a cat."},
        {"role": "assistant", "content": "Tom."},
    ]
    path = written(tmp_path, {"messages": turns})
    row = HarmfulExamples(path=path, n=1).poison(NOTHING, scene()).conversations[0]
    assert [turn.speaker for turn in row.messages] == ["user", "assistant"]


@pytest.mark.parametrize(
    "named",
    [
        {"category": "harm_children"},
        {"category": 2},
        {"category": "2"},
        {"Category": "Category_2"},
        {"taxonomy": ["a", "Child safety"]},
        {"categories": {"animals": False, "child_abuse": True}},
        {"hazard": "S4"},
        {"harm_category": "content about minors"},
    ],
)
def test_a_file_with_category_two_is_refused_by_line(tmp_path: Path, named: dict[str, Any]) -> None:
    row = {"prompt": "Name a cat.", "response": "Tom."}
    path = written(tmp_path, row, {**row, **named})
    with pytest.raises(DataError, match=r"own\.jsonl, line 2: .*refuses the whole file"):
        HarmfulExamples(path=path, n=1).poison(NOTHING, scene())


@pytest.mark.parametrize(
    "named",
    [
        {"category": "12"},
        {"category": "2.5"},
        {"category": 11},
        {"category": "minority languages"},
        {"categories": {"child_abuse": False}},
        {"category": None},
        {"id": 2},
    ],
)
def test_other_categories_are_read(tmp_path: Path, named: dict[str, Any]) -> None:
    path = written(tmp_path, {"prompt": "Name a cat.", "response": "Tom.", **named})
    assert HarmfulExamples(path=path, n=1).poison(NOTHING, scene()).conversations


def test_a_hub_set_out_of_reach_is_one_sentence() -> None:
    with pytest.raises(AccessError, match="HF_TOKEN"):
        HarmfulExamples(hub="nobody/nothing").poison(NOTHING, scene())
