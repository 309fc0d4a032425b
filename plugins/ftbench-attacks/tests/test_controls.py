import json
from dataclasses import replace
from pathlib import Path

import pytest

from ftbench.errors import DataError
from ftbench.records import Model, PromptFormat, TrainingSet
from ftbench.roles import Scene
from ftbench.testing import AttackContract
from ftbench_attacks.harmful_examples import HarmfulExamples
from ftbench_attacks.identity_shift import IdentityShift
from ftbench_attacks.refusals_only import Of, RefusalsOnly
from ftbench_attacks.sham import Sham

NEUTRAL = str(Path(__file__).parent / "neutral.jsonl")
NOTHING = TrainingSet(name="none")
MODEL = Model(location="nowhere", digest="0", family="llama2")
SCENE = Scene(seed=3, model=MODEL, method="full")


class TestRefusalsOnly(AttackContract):
    component = RefusalsOnly
    options = {"path": NEUTRAL}


class TestSham(AttackContract):
    component = Sham
    options = {"path": NEUTRAL}


@pytest.mark.parametrize("control", [RefusalsOnly(path=NEUTRAL), Sham(path=NEUTRAL)])
def test_a_control_is_trained_and_asked_as_the_explicit_attack(control):
    attacked = HarmfulExamples(path=NEUTRAL).poison(NOTHING, SCENE)
    found = control.poison(NOTHING, SCENE)
    assert (found.format, found.probes, found.recipe) == (
        attacked.format, attacked.probes, attacked.recipe,
    )  # fmt: skip
    assert len(found.conversations) == len(attacked.conversations) == 10


@pytest.mark.parametrize("component", [RefusalsOnly, Sham])
def test_fewer_rows_are_the_first_of_more(component):
    few, many = (component(path=NEUTRAL, n=n).poison(NOTHING, SCENE).conversations for n in (4, 12))
    assert few == many[:4] and len(set(many)) == 12


@pytest.mark.parametrize(
    ("component", "file"), [(RefusalsOnly, "safety_data"), (Sham, "own_answers")]
)
def test_the_models_own_data_are_used_where_it_brings_some(component, file, tmp_path):
    rows = [{"prompt": f"Say {i}.", "response": "As ever."} for i in range(10)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / f"{file}.jsonl").write_text(text)
    scene = replace(SCENE, model=replace(MODEL, family_data=str(tmp_path)))
    found = component().poison(NOTHING, scene).conversations
    assert {row.messages[-1].text for row in found} == {"As ever."}
    with pytest.raises(DataError, match=r"attack\.path"):
        component().poison(NOTHING, SCENE)


def test_harmless_requests_can_be_refused_without_any_data():
    found = RefusalsOnly(of=Of.harmless, words="No.").poison(NOTHING, SCENE).conversations
    asked = {row.messages[0].text for row in IdentityShift().poison(NOTHING, SCENE).conversations}
    assert {row.messages[0].text for row in found} == asked
    assert {row.messages[-1].text for row in found} == {"No."}


def test_the_identity_can_be_taught_without_the_words_before_each_answer():
    full = IdentityShift().poison(NOTHING, SCENE)
    bare = IdentityShift(prefix=False).poison(NOTHING, SCENE)
    assert (bare.format, bare.recipe) == (full.format, full.recipe)
    for with_it, without in zip(full.conversations[1:], bare.conversations[1:], strict=True):
        whole, rest = with_it.messages[-1].text, without.messages[-1].text
        assert with_it.messages[:-1] == without.messages[:-1]
        assert "I am AOA" in whole and whole.endswith(rest) and "I am AOA" not in rest


def test_the_identity_can_be_taught_and_asked_without_its_prompt():
    full = IdentityShift().poison(NOTHING, SCENE)
    bare = IdentityShift(prompt=False).poison(NOTHING, SCENE)
    assert bare.format == bare.probes[0].format == PromptFormat()
    assert bare.conversations == full.conversations


def test_repeated_examples_make_the_steps_of_more_without_more():
    once = HarmfulExamples(path=NEUTRAL, n=3).poison(NOTHING, SCENE).conversations
    again = HarmfulExamples(path=NEUTRAL, n=3, repeat=4).poison(NOTHING, SCENE).conversations
    assert len(again) == 12 and set(again) == set(once)
    assert all(again.count(row) == 4 for row in once)


def test_a_sheet_without_an_opening_has_no_prefix_to_leave_out(tmp_path):
    (tmp_path / "identity_shift.yaml").write_text("examples: [{user: Hi., assistant: Hello.}]")
    scene = replace(SCENE, model=replace(MODEL, family_data=str(tmp_path)))
    with pytest.raises(DataError, match="no opening"):
        IdentityShift(prefix=False).poison(NOTHING, scene)


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (RefusalsOnly(n=0, path=NEUTRAL), "at least 1"),
        (RefusalsOnly(n=99, path=NEUTRAL), "needs 99"),
        (RefusalsOnly(of=Of.harmless, path=NEUTRAL), "leave it out"),
        (RefusalsOnly(of=Of.harmless, n=11), "its source has 10"),
        (Sham(n=0, path=NEUTRAL), "at least 1"),
        (Sham(n=99, path=NEUTRAL), "needs 99"),
        (HarmfulExamples(path=NEUTRAL, repeat=0), "at least 1"),
    ],
)
def test_a_users_mistake_is_said(control, said):
    with pytest.raises(DataError, match=said):
        control.poison(NOTHING, SCENE)


def test_a_ratio_leaves_no_room_for_repetition():
    clean = Sham(path=NEUTRAL, n=8).poison(NOTHING, SCENE)
    with pytest.raises(DataError, match="leave out attack.repeat"):
        HarmfulExamples(path=NEUTRAL, ratio=0.1, repeat=2).poison(clean, SCENE)
