"""A training that was cut off ends as if it had not been."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from counting_rules import Counting, Remembering
from hf_doubles import Crash, PaperDesk, job

from ftbench import Full, Lora
from ftbench_hf import resuming
from ftbench_hf.backend import HuggingFace
from ftbench_hf.durable import MANIFEST
from ftbench_hf.precision import Precision

METHODS = [Full(), Lora(dropout=0.3, targets=["all-linear"])]


def weights(finetune):
    """The SHA-256 of each kept weight file."""
    return [
        hashlib.sha256(path.read_bytes()).hexdigest()
        for _, model in finetune.models
        for path in sorted(Path(model.location).glob("*.safetensors"))
    ]


def steps(folder):
    """The steps at which checkpoints lie."""
    return sorted(int(path.name[5:]) for path in folder.glob("job/checkpoints/step_?"))


@pytest.fixture
def eager(backend):
    """A backend that saves after every step."""
    eager = HuggingFace(device="cpu", checkpoint_seconds=0)
    eager._kept = backend._residence()
    return eager


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
def test_a_cut_off_training_ends_with_the_same_bytes(eager, bases, tmp_path, method, step):
    wanted = job(bases["llama"], method, epochs=3, keep=(1, 2))
    whole = finished(eager, wanted, tmp_path / "whole").kept[0]
    cut_off(eager, wanted, tmp_path / "cut", step)
    torch.manual_seed(99)
    desk = finished(eager, wanted, tmp_path / "cut")
    assert weights(desk.kept[0]) == weights(whole)
    assert desk.kept[0].applied == whole.applied
    assert [done for done, _, _ in desk.progressed] == list(range(step, 7))


@pytest.mark.parametrize("step", [1, 2, 4])
def test_who_asks_to_stop_gets_a_checkpoint_and_no_fine_tune(backend, bases, tmp_path, step):
    wanted = job(bases["llama"])
    desk = PaperDesk(folder=tmp_path, stop_at=step)
    backend.fine_tune([wanted, replace(wanted, key="next")], desk)
    assert not desk.kept
    assert steps(tmp_path) == [step]
    rest = finished(backend, wanted, tmp_path)
    assert len(rest.progressed) == 4 - step
    assert weights(rest.kept[0]) == weights(finished(backend, wanted, tmp_path / "b").kept[0])


def test_the_newest_two_are_kept_and_none_after_the_end(eager, bases, tmp_path):
    wanted = job(bases["llama"])
    cut_off(eager, wanted, tmp_path, 4)
    assert steps(tmp_path) == [2, 3]
    finished(eager, wanted, tmp_path)
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["epoch_2"]


def test_checkpoints_come_after_the_seconds_and_never_without_them(
    bases, tmp_path, monkeypatch, backend
):
    clock = iter(range(0, 10_000, 40))
    monkeypatch.setattr(resuming, "monotonic", lambda: next(clock))
    wanted = job(bases["llama"], batch_size=1)
    seldom = HuggingFace(device="cpu", checkpoint_seconds=100)
    seldom._kept = backend._residence()
    cut_off(seldom, wanted, tmp_path / "seldom", 7)
    assert 1 <= len(steps(tmp_path / "seldom")) < 6
    never = HuggingFace(device="cpu", checkpoint_seconds=None)
    cut_off(never, wanted, tmp_path / "never", 7)
    assert not (tmp_path / "never").exists()


def test_an_epoch_that_took_long_ends_with_a_checkpoint(backend, bases, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(resuming.Checkpoints, "after_step", lambda *_: None)
    monkeypatch.setattr(
        resuming.Checkpoints, "save", lambda _, trainer, __: saved.append(trainer.step)
    )
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


@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
@pytest.mark.parametrize("name", [MANIFEST, "state_00001.safetensors"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    eager, bases, tmp_path, caplog, how, name
):
    wanted = job(bases["llama"], METHODS[1])
    whole = finished(eager, wanted, tmp_path / "whole").kept[0]
    cut_off(eager, wanted, tmp_path / "cut", 4)
    place = tmp_path / "cut" / "job" / "checkpoints"
    damage(place / "step_3" / name, how)
    cut_off(eager, wanted, tmp_path / "cut", 3)
    assert (place / "step_3.damaged").is_dir()
    assert name in caplog.text and "step_3" in caplog.text
    desk = finished(eager, wanted, tmp_path / "cut")
    assert weights(desk.kept[0]) == weights(whole)


def test_drafts_and_strange_files_are_no_checkpoints(eager, bases, tmp_path):
    wanted = job(bases["llama"])
    cut_off(eager, wanted, tmp_path, 3)
    place = tmp_path / "job" / "checkpoints"
    shutil.copytree(place / "step_2", place / ".step_9.partial")
    shutil.copytree(place / "step_2", place / "step_8")
    (place / "step_8" / "more.json").write_text("{}")
    desk = finished(eager, wanted, tmp_path)
    assert [done for done, _, _ in desk.progressed] == [3, 4]


@pytest.mark.parametrize(
    "values", [{"seed": 6}, {"learning_rate": 2e-3}, {"batch_size": 2}, {"rows": "fewer"}]
)
def test_work_of_another_training_is_not_used_though_the_key_is_the_same(
    eager, bases, tmp_path, values, caplog
):
    from hf_doubles import ROWS

    values = {"rows": ROWS[:6]} if "rows" in values else values
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
    wanted = job(bases["llama"], method, keep=(1,))
    first = finished(backend, wanted, tmp_path)
    again = finished(backend, wanted, tmp_path)
    assert not again.progressed
    assert again.kept == first.kept


def test_a_damaged_model_is_named_and_made_again(backend, bases, tmp_path, caplog):
    wanted = job(bases["llama"], keep=(1,))
    first = finished(backend, wanted, tmp_path)
    before = weights(first.kept[0])
    damage(tmp_path / "job" / "epoch_1" / "model.safetensors", "flipped")
    again = finished(backend, wanted, tmp_path)
    assert "model.safetensors was changed" in caplog.text
    assert again.kept == first.kept
    assert weights(again.kept[0]) == before


def test_a_checkpoint_after_a_lost_model_is_not_used(eager, bases, tmp_path):
    wanted = job(bases["llama"], keep=(1,))
    cut_off(eager, wanted, tmp_path, 4)
    shutil.rmtree(tmp_path / "job" / "epoch_1")
    desk = finished(eager, wanted, tmp_path)
    assert [done for done, _, _ in desk.progressed] == [3, 4]
    assert [epoch for epoch, _ in desk.kept[0].models] == [1, 2]


@pytest.mark.parametrize(("kind", "left"), [(Counting, 4), (Remembering, 1)])
def test_a_training_under_rules_resumes_only_with_their_state(eager, bases, tmp_path, kind, left):
    def wanted():
        return job(bases["llama"], rules=(kind(),))

    whole = finished(eager, wanted(), tmp_path / "whole").kept[0]
    cut_off(eager, wanted(), tmp_path / "cut", 4)
    desk = finished(eager, wanted(), tmp_path / "cut")
    assert weights(desk.kept[0]) == weights(whole)
    assert len(desk.progressed) == left


def test_checkpoints_are_safetensors_and_json(eager, bases, tmp_path):
    cut_off(eager, job(bases["llama"]), tmp_path, 2)
    place = tmp_path / "job" / "checkpoints" / "step_1"
    assert {path.name for path in place.iterdir()} == {MANIFEST, "state_00001.safetensors"}
    assert json.loads((place / MANIFEST).read_text())["facts"]["step"] == 1


def test_a_failed_training_leaves_no_checkpoints(eager, bases, tmp_path):
    wanted = job(bases["llama"], learning_rate=1e30, epochs=5)
    assert finished(eager, wanted, tmp_path).kept[0].outcome == "failed"
    assert not (tmp_path / "job" / "checkpoints").exists()
