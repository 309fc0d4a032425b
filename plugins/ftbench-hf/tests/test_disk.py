"""A disk that is full or broken: nothing half written stays, and the same command goes on."""

import errno
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from hf_doubles import PaperDesk, job
from safetensors import SafetensorError

from ftbench import Full, Lora
from ftbench.errors import StorageError
from ftbench_hf import durable, saving, training_state
from ftbench_hf.backend import HuggingFace

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024, as shutil has it
RUST = "Error while serializing: I/O error: No space left on device (os error 28)"


@pytest.fixture
def eager(backend):
    """A backend that saves after every step."""
    eager = HuggingFace(device="cpu", checkpoint_seconds=0)
    eager._kept = backend._residence()
    return eager


def failing(monkeypatch, owner, name, *, at, error):
    """Let the n-th call fail."""
    calls, real = [], getattr(owner, name)

    def call(*arguments, **options):
        calls.append(name)
        if len(calls) == at:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, call)


def check(eager, wanted, folder, monkeypatch, *, words):
    """The training stops with words, leaves no drafts, and goes on once there is space."""
    with pytest.raises(StorageError, match=words) as raised:
        eager.fine_tune([wanted], PaperDesk(folder=folder))
    assert raised.value.exit_code == 74
    assert str(folder) in str(raised.value)
    assert "run the same command again" in str(raised.value)
    assert not list(folder.rglob(".*.partial"))
    monkeypatch.undo()
    desk, fresh = PaperDesk(folder=folder), PaperDesk(folder=folder.with_name("fresh"))
    eager.fine_tune([wanted], desk)
    eager.fine_tune([wanted], fresh)
    assert desk.kept[0].models[-1][1].digest == fresh.kept[0].models[-1][1].digest
    return len(desk.progressed)


@pytest.mark.parametrize(
    ("number", "at"), [(errno.ENOSPC, 1), (errno.EDQUOT, 6), (errno.EIO, 12), (errno.ENOSPC, 23)]
)
def test_a_disk_that_fails_to_sync_stops_the_training(
    eager, bases, tmp_path, monkeypatch, number, at
):
    error = OSError(number, os.strerror(number))
    failing(monkeypatch, os, "fsync", at=at, error=error)
    words = "Check the disk" if number == errno.EIO else "Free some space"
    check(eager, job(bases["llama"]), tmp_path / "d", monkeypatch, words=words)


def test_a_full_disk_in_a_checkpoint_is_understood_in_the_words_of_rust(
    eager, bases, tmp_path, monkeypatch
):
    failing(monkeypatch, training_state, "save_file", at=3, error=SafetensorError(RUST))
    words = r"A checkpoint cannot be written to .*step_3: No space left"
    left = check(eager, job(bases["llama"], Lora()), tmp_path / "d", monkeypatch, words=words)
    assert left == 2


def test_a_full_disk_in_a_tokenizer_is_understood_too(eager, bases, tmp_path, monkeypatch):
    error = Exception("No space left on device (os error 28)")
    failing(monkeypatch, saving, "_declare", at=1, error=error)
    words = r"The trained model cannot be written to .*epoch_2: No space left"
    left = check(eager, job(bases["llama"]), tmp_path / "d", monkeypatch, words=words)
    assert left == 0


def test_what_is_no_fault_of_the_disk_keeps_its_own_words(eager, bases, tmp_path, monkeypatch):
    failing(monkeypatch, saving, "_declare", at=1, error=KeyError("bug"))
    with pytest.raises(KeyError):
        eager.fine_tune([job(bases["llama"])], PaperDesk(folder=tmp_path))
    assert not list(tmp_path.rglob(".*.partial"))


def test_a_folder_that_cannot_be_renamed_leaves_the_old_one(tmp_path, monkeypatch):
    with durable.appearing(tmp_path / "a", what="It", facts={"n": 1}) as draft:
        (draft / "x").write_text("old")
    failing(monkeypatch, os, "fsync", at=2, error=OSError(errno.EIO, "broken"))
    with (
        pytest.raises(StorageError, match="It cannot be written"),
        durable.appearing(tmp_path / "a", what="It", facts={"n": 2}) as draft,
    ):
        (draft / "x").write_text("new")
    assert durable.facts_of(tmp_path / "a") == {"n": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def space_for(monkeypatch, megabytes):
    usage = Usage(10**12, 0, int(megabytes * 1e6))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


@pytest.mark.parametrize("method", [Full(), Lora()], ids=["full", "lora"])
def test_too_little_space_is_said_before_the_first_step(
    backend, bases, tmp_path, monkeypatch, method
):
    desk = PaperDesk(folder=tmp_path)
    space_for(monkeypatch, 1)
    with pytest.raises(StorageError, match=r"checkpoint_seconds=null") as raised:
        backend.fine_tune([job(bases["llama"], method)], desk)
    assert "1.0 MB are free" in str(raised.value)
    assert not desk.progressed
    assert not list(tmp_path.iterdir())
    space_for(monkeypatch, 1000)
    backend.fine_tune([job(bases["llama"], method)], desk)
    assert desk.kept


def test_without_checkpoints_less_space_is_enough(bases, tmp_path, monkeypatch):
    monkeypatch.setattr("ftbench_hf.space._LEAST", 0)
    size = Path(bases["llama"].location, "model.safetensors").stat().st_size / 1e6
    space_for(monkeypatch, 3 * size)
    wanted, desk = job(bases["llama"], keep=(1,)), PaperDesk(folder=tmp_path)
    with pytest.raises(StorageError, match="2 models of 0.2 MB and 1.0 MB of checkpoints"):
        HuggingFace(device="cpu").fine_tune([wanted], desk)
    HuggingFace(device="cpu", checkpoint_seconds=None).fine_tune([wanted], desk)
    assert desk.kept
    space_for(monkeypatch, size)
    wanted = job(bases["llama"], key="more", keep=(1,))
    with pytest.raises(StorageError, match="keep fewer epochs"):
        HuggingFace(device="cpu", checkpoint_seconds=None).fine_tune([wanted], desk)
