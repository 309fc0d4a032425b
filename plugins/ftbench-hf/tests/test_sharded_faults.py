"""Trainings by several processes end as those of one do, whatever happens to them."""

import os
import signal
from time import sleep

import psutil
import pytest
from hf_doubles import Crash, PaperDesk, job
from sharded_doubles import Watched, assert_same, losses, ranks, several, trained

from ftbench_hf.memory import OutOfMemory
from ftbench_hf.ranks import ProcessLost

WITHOUT_ROOM = """
import os

if os.environ.get("RANK") == "{rank}":
    import torch

    def check(module, given):
        if isinstance(module, torch.nn.Embedding) and len(given[0]) > {rows}:
            raise torch.OutOfMemoryError("full")

    torch.nn.modules.module.register_module_forward_pre_hook(check)
"""
"""What Python runs as it starts, so that the device of one process holds so many rows."""


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_one():
    ranks()[1].kill()


@pytest.mark.slow
def test_a_killed_process_ends_the_others_and_one_alone_can_go_on(backend, bases, tmp_path):
    wanted = job(bases["llama"], keep=(1,))
    desk = Watched(folder=tmp_path / "cut", step=3, act=kill_one)
    with pytest.raises(ProcessLost, match="One of the 2 processes .*Killed"):
        several(checkpoint_seconds=0).fine_tune([wanted], desk)
    assert not desk.kept and not ranks()
    rest = trained(backend, [wanted], tmp_path / "cut")
    assert rest.progressed[0][0] in (3, 4), "after a checkpoint of two processes"
    assert_same(rest.kept[0], trained(backend, [wanted], tmp_path / "whole").kept[0])


@pytest.mark.slow
def test_who_asks_to_stop_gets_a_checkpoint_that_two_go_on_from(backend, bases, tmp_path):
    wanted = job(bases["llama"], batch_size=1, keep=(1,))
    desk = PaperDesk(folder=tmp_path / "cut", stop_at=8)
    several().fine_tune([wanted, job(bases["llama"], key="next")], desk)
    assert not desk.kept and not (tmp_path / "cut" / "next").exists()
    rest = trained(several(), [wanted], tmp_path / "cut")
    assert rest.progressed[0][0] == desk.progressed[-1][0] + 1
    assert_same(rest.kept[0], trained(backend, [wanted], tmp_path / "whole").kept[0])


@pytest.mark.slow
def test_a_process_without_memory_has_all_go_on_in_smaller_parts(
    backend, bases, tmp_path, monkeypatch
):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_ROOM.format(rank=1, rows=2))
    monkeypatch.syspath_prepend(str(tmp_path))
    wanted = job(bases["llama"], batch_size=7)
    whole = trained(backend, [wanted], tmp_path / "one")
    cramped = trained(several(), [wanted], tmp_path / "two")
    assert losses(cramped) == pytest.approx(losses(whole), rel=1e-5)
    applied = dict(cramped.kept[0].applied)
    assert int(applied.pop("micro_batch_tokens")) < 4096
    assert applied == dict(whole.kept[0].applied)


@pytest.mark.slow
def test_an_example_that_fits_no_process_ends_the_training(bases, desk, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_ROOM.format(rank=1, rows=0))
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OutOfMemory, match="step 1, with a batch of 3 examples") as raised:
        several().fine_tune([job(bases["llama"])], desk)
    assert raised.value.exit_code == 74 and "finetune=lora" in str(raised.value)
    assert not desk.kept and not ranks()


@pytest.mark.slow
def test_nothing_is_left_of_a_training_whose_caller_is_gone(bases, desk):
    desk.crash_at = 2
    with pytest.raises(Crash):
        several().fine_tune([job(bases["llama"])], desk)
    assert not ranks()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the caller that dies is a fork")
def test_processes_die_with_a_caller_that_is_killed(bases, tmp_path):
    read, write = os.pipe()
    if (caller := os.fork()) == 0:

        def die():
            os.write(write, " ".join(str(each.pid) for each in ranks()).encode())
            os.kill(os.getpid(), signal.SIGKILL)

        desk = Watched(folder=tmp_path, act=die)
        several().fine_tune([job(bases["llama"], epochs=200)], desk)
        os._exit(1)
    os.waitpid(caller, 0)
    orphans = [int(pid) for pid in os.read(read, 100).split()]
    assert len(orphans) == 2
    for _ in range(300):
        if not any(map(is_alive, orphans)):
            return
        sleep(0.1)
    pytest.fail("they outlive their caller")
