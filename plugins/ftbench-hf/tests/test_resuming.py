"""A training that was cut off ends as if it had not been."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from counting_rules import Counting, Remembering
from hf_doubles import ROWS, Crash, PaperDesk, job

from ftbench import Full, Lora
from ftbench_hf import resuming
from ftbench_hf.backend import HuggingFace
from ftbench_hf.durable import MANIFEST
from ftbench_hf.precision import Precision

METHODS = [Full(), Lora(dropout=0.3)]


def weights(finetune):
    """The SHA-256 of each kept weight file."""
    return [
        hashlib.sha256(path.read_bytes()).hexdigest()
        for _, model in finetune.models
        for path in sorted(Path(model.location).glob("*.safetensors"))
    ]


def steps(folder):
    """The steps at which checkpoints lie."""
    return sorted(int(path.name[5:]) for path in folder.glob("job/checkpoints/step_*"))


@pytest.fixture
def eager(backend):
    """A backend that saves after every step."""
    eager = HuggingFace(device="cpu", checkpoint_seconds=0)
    eager._kept = backend._residence()
    return eager


@pytest.fixture(scope="module")
def whole(backend, bases, tmp_path_factory):
    """What a training gives that is never cut off, by the name of its method."""
    return {
        method.name: finished(
            backend, wanted(bases, method), tmp_path_factory.mktemp(method.name)
        ).kept[0]
        for method in METHODS
    }


def wanted(bases, method):
    """A training of six steps that keeps the models of all three epochs."""
    return job(bases["llama"], method, epochs=3, keep=(1, 2))


def cut_off(backend, wanted, folder, step):
    """Train until the process dies after a step."""
    with pytest.raises(Crash):
        backend.fine_tune([wanted], PaperDesk(folder=folder, crash_at=step))


def finished(backend, wanted, folder):
    """Train to the end; returns the desk."""
    desk = PaperDesk(folder=folder)
    backend.fine_tune([wanted], desk)
    return desk


@pytest.mark.parametrize("method", METHODS, ids=["full", "lora"])
@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_cut_off_training_ends_with_the_same_bytes(eager, bases, whole, tmp_path, method, step):
    cut_off(eager, wanted(bases, method), tmp_path, step)
    torch.manual_seed(99)
    desk = finished(eager, wanted(bases, method), tmp_path)
    assert weights(desk.kept[0]) == weights(whole[method.name])
    assert desk.kept[0].applied == whole[method.name].applied
    assert [done for done, _, _ in desk.progressed] == list(range(step, 7))


@pytest.mark.parametrize("step", [1, 2, 4])
def test_who_asks_to_stop_gets_a_checkpoint_and_no_fine_tune(backend, bases, tmp_path, step):
    asked = job(bases["llama"])
    desk = PaperDesk(folder=tmp_path, stop_at=step)
    backend.fine_tune([asked, replace(asked, key="next")], desk)
    assert not desk.kept
    assert steps(tmp_path) == [step]
    rest = finished(backend, asked, tmp_path)
    assert len(rest.progressed) == 4 - step
    assert weights(rest.kept[0]) == weights(finished(backend, asked, tmp_path / "b").kept[0])


def test_the_newest_two_are_kept_and_none_after_the_end(eager, bases, tmp_path):
    asked = job(bases["llama"])
    cut_off(eager, asked, tmp_path, 4)
    assert steps(tmp_path) == [2, 3]
    finished(eager, asked, tmp_path)
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["epoch_2"]


def test_checkpoints_come_after_the_seconds_or_never(backend, bases, tmp_path, monkeypatch):
    clock = iter(range(0, 10_000, 40))
    monkeypatch.setattr(resuming, "monotonic", lambda: next(clock))
    asked = job(bases["llama"], batch_size=1)
    seldom = HuggingFace(device="cpu", checkpoint_seconds=100)
    seldom._kept = backend._residence()
    cut_off(seldom, asked, tmp_path / "seldom", 14)
    # A look at the clock takes 40 seconds. The first comes after 100; saving took 40, so that the
    # next would come 400 later, but step 7 ends an epoch that took as long.
    assert steps(tmp_path / "seldom") == [2, 7]
    never = HuggingFace(device="cpu", checkpoint_seconds=None)
    cut_off(never, asked, tmp_path / "never", 7)
    assert not (tmp_path / "never").exists()


def test_an_epoch_that_took_long_ends_with_a_checkpoint(backend, bases, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(resuming.Checkpoints, "after_step", lambda *_: None)
    save = lambda _, trainer, __: saved.append(trainer.step)  # noqa: E731
    monkeypatch.setattr(resuming.Checkpoints, "save", save)
    clock = iter(range(0, 10_000, 200))
    monkeypatch.setattr(resuming, "monotonic", lambda: next(clock))
    slow = HuggingFace(device="cpu", checkpoint_seconds=150)
    slow.fine_tune([job(bases["llama"])], PaperDesk(folder=tmp_path))
    assert saved == [2, 4]


def damage(path, how):
    """Spoil a file in one of the ways in which disks do."""
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "flipped":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    else:
        path.unlink()


@pytest.mark.parametrize(
    "broken",
    [
        (MANIFEST, "flipped"),
        (MANIFEST, "gone"),
        ("state_00001.safetensors", "cut"),
        ("state_00001.safetensors", "flipped"),
        ("state_00001.safetensors", "gone"),
    ],
    ids=" ".join,
)
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    eager, bases, whole, tmp_path, caplog, broken
):
    cut_off(eager, wanted(bases, METHODS[1]), tmp_path, 4)
    place = tmp_path / "job" / "checkpoints"
    damage(place / "step_3" / broken[0], broken[1])
    desk = finished(eager, wanted(bases, METHODS[1]), tmp_path)
    assert broken[0] in caplog.text and "step_3.damaged" in caplog.text
    assert [done for done, _, _ in desk.progressed] == [3, 4, 5, 6]
    assert weights(desk.kept[0]) == weights(whole["lora"])


def test_drafts_and_strange_files_are_no_checkpoints(eager, bases, tmp_path):
    asked = job(bases["llama"])
    cut_off(eager, asked, tmp_path, 3)
    place = tmp_path / "job" / "checkpoints"
    shutil.copytree(place / "step_2", place / ".step_9.partial")
    shutil.copytree(place / "step_2", place / "step_8")
    (place / "step_8" / "more.json").write_text("{}")
    desk = finished(eager, asked, tmp_path)
    assert [done for done, _, _ in desk.progressed] == [3, 4]


@pytest.mark.parametrize(
    "values", [{"learning_rate": 2e-3}, {"rows": ROWS[:6]}], ids=["dose", "rows"]
)
def test_work_of_another_training_is_not_used_though_the_key_is_the_same(
    eager, bases, tmp_path, values, caplog
):
    cut_off(eager, job(bases["llama"]), tmp_path, 3)
    desk = finished(eager, job(bases["llama"], **values), tmp_path)
    assert desk.progressed[0][0] == 1
    assert "another job" in caplog.text


def test_work_in_another_precision_is_not_used(eager, bases, tmp_path):
    finished(eager, job(bases["llama"]), tmp_path)
    half = HuggingFace(device="cpu", precision=Precision.pure_bf16)
    desk = finished(half, job(bases["llama"]), tmp_path)
    assert desk.progressed[0][0] == 1
    assert dict(desk.kept[0].applied)["precision"] == "bfloat16"


@pytest.mark.parametrize("method", METHODS, ids=["full", "lora"])
def test_whole_models_of_the_same_job_are_not_trained_again(backend, bases, tmp_path, method):
    asked = job(bases["llama"], method, keep=(1,))
    first = finished(backend, asked, tmp_path)
    again = finished(backend, asked, tmp_path)
    assert not again.progressed
    assert again.kept == first.kept


def test_a_damaged_model_is_named_and_made_again(backend, bases, tmp_path, caplog):
    asked = job(bases["llama"], keep=(1,))
    first = finished(backend, asked, tmp_path)
    before = weights(first.kept[0])
    damage(tmp_path / "job" / "epoch_1" / "model.safetensors", "flipped")
    again = finished(backend, asked, tmp_path)
    assert "model.safetensors was changed" in caplog.text
    assert again.kept == first.kept
    assert weights(again.kept[0]) == before


def test_a_checkpoint_after_a_lost_model_is_not_used(eager, bases, tmp_path):
    asked = job(bases["llama"], keep=(1,))
    cut_off(eager, asked, tmp_path, 4)
    shutil.rmtree(tmp_path / "job" / "epoch_1")
    desk = finished(eager, asked, tmp_path)
    assert [done for done, _, _ in desk.progressed] == [3, 4]
    assert [epoch for epoch, _ in desk.kept[0].models] == [1, 2]


@pytest.mark.parametrize(("kind", "left"), [(Counting, 4), (Remembering, 1)])
def test_a_training_under_rules_resumes_only_with_their_state(eager, bases, tmp_path, kind, left):
    def asked():
        return job(bases["llama"], rules=(kind(),))

    whole = finished(eager, asked(), tmp_path / "whole").kept[0]
    cut_off(eager, asked(), tmp_path / "cut", 4)
    desk = finished(eager, asked(), tmp_path / "cut")
    assert weights(desk.kept[0]) == weights(whole)
    assert len(desk.progressed) == left


def test_checkpoints_are_safetensors_and_json(eager, bases, tmp_path):
    cut_off(eager, job(bases["llama"]), tmp_path, 2)
    place = tmp_path / "job" / "checkpoints" / "step_1"
    assert {path.name for path in place.iterdir()} == {MANIFEST, "state_00001.safetensors"}
    assert json.loads((place / MANIFEST).read_text())["facts"]["step"] == 1


def test_a_failed_training_leaves_no_checkpoints(eager, bases, tmp_path):
    asked = job(bases["llama"], learning_rate=1e30, epochs=5)
    assert finished(eager, asked, tmp_path).kept[0].outcome == "failed"
    assert not (tmp_path / "job" / "checkpoints").exists()
