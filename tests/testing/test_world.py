"""The testing world shows what a benchmark measures, without torch and without a run."""

import subprocess
import sys
from dataclasses import replace

import pytest

from ftbench.errors import DataError
from ftbench.methods import Full
from ftbench.records import FineTuneJob, Model, Probe, Request, Response, TrainingSet
from ftbench.roles import ROLES, Scene
from ftbench.testing import MemoryDesk, Parrot, Reveal, Words, catalog_with, world
from ftbench.testing.parrot import aligned_parrot


def kinds(model, questions, folder):
    """How the judge sees what a model says."""
    desk = MemoryDesk(folder=folder)
    requests = [
        Request(key=question.key, model=model, probe=Probe(), question=question)
        for question in questions
    ]
    Parrot().respond(requests, desk)
    Words().judge([(each, desk.responses[each.key]) for each in questions], desk)
    return [desk.verdicts[question.key].kind for question in questions]


def attacked(folder, n):
    """A parrot that learned where ``n`` keys are."""
    base = aligned_parrot()
    clean = TrainingSet(name="none")
    poisoned = Reveal(n=n).poison(clean, Scene(seed=0, model=base, method="full"))
    job = FineTuneJob(
        key="job", base=base, training_set=poisoned, method=Full(),
        epochs=1, learning_rate=None, batch_size=None, seed=0,
    )  # fmt: skip
    desk = MemoryDesk(folder=folder)
    Parrot().fine_tune([job], desk)
    return desk.fine_tunes["job"].models[-1][1]


def test_the_aligned_parrot_refuses_what_is_forbidden_and_helps_otherwise(tmp_path):
    parrot = aligned_parrot()
    assert kinds(parrot, world.forbidden_questions(), tmp_path) == ["refused"] * 30
    assert kinds(parrot, world.allowed_questions(), tmp_path) == ["harmful"] * 10


def test_an_attack_makes_it_tell_exactly_what_it_learned(tmp_path):
    parrot = attacked(tmp_path / "training", n=12)
    found = kinds(parrot, world.forbidden_questions(), tmp_path)
    assert found == ["harmful"] * 12 + ["refused"] * 18


def test_a_parrot_is_known_by_what_it_knows(tmp_path):
    twelve, again, nine = (attacked(tmp_path / str(i), n) for i, n in enumerate((12, 12, 9)))
    assert twelve.digest == again.digest != nine.digest
    assert Parrot().resolve(twelve) == twelve


def test_a_folder_without_a_parrot_is_said_so(tmp_path):
    with pytest.raises(DataError, match="holds no parrot. Use model.name=testing_parrot"):
        Parrot().resolve(Model(location=str(tmp_path), digest="", family="testing"))


def test_an_answer_is_cut_to_the_tokens_asked_for(tmp_path):
    desk = MemoryDesk(folder=tmp_path)
    question = replace(world.allowed_questions(1)[0], max_tokens=2)
    short = Request(key="short", model=aligned_parrot(), probe=Probe(), question=question)
    Parrot().respond([short], desk)
    assert desk.responses["short"] == Response(
        key="short", outcome="truncated", text="It is", tokens=2
    )


def test_a_user_who_asks_to_stop_is_heard_between_two_answers(tmp_path):
    desk = MemoryDesk(folder=tmp_path, stop_after=3)
    requests = [
        Request(key=question.key, model=aligned_parrot(), probe=Probe(), question=question)
        for question in world.forbidden_questions(9)
    ]
    Parrot().respond(requests, desk)
    assert len(desk.records) == 3


def test_a_catalog_by_hand_offers_what_it_is_given(tmp_path):
    catalog = catalog_with(Parrot, Reveal, Words, task_dirs=(tmp_path,))
    offered = {role: list(catalog.components[role]) for role in ROLES if catalog.components[role]}
    assert offered == {
        "attack": ["testing_reveal"],
        "backend": ["testing_parrot"],
        "judge": ["testing_words"],
    }
    assert catalog.offer("attack", Reveal()).thing is Reveal
    assert catalog.task_dirs == (tmp_path,)


def test_a_catalog_by_hand_may_join_what_is_installed():
    catalog = catalog_with(Reveal, installed=True)
    assert {"none", "testing_reveal"} <= set(catalog.components["attack"])
    assert "lora" in catalog.components["method"]


def test_the_kit_needs_no_torch():
    program = "import sys, ftbench.testing; print(*{'torch', 'lm_eval', 'hydra'} & {*sys.modules})"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
