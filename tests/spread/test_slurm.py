"""Arrays of jobs on a real Slurm without accounting: cancelled, queued again, left, joined."""

import re
import signal
import sys

import pytest

from ftbench.errors import CellsFailed

from .conftest import figures, figures_without_launcher, until
from .slow_town import OPEN, WAITS

SLURM = "hydra/launcher=submitit_slurm"
SIX_IN_THREE = ("seed=1,2,3,4,5,6", "cells_per_job=2", "backend.seed=3", SLURM)
FOUR = ("seed=1,2,3,4", "cells_per_job=1", "backend.seed=3", SLURM)


@pytest.fixture
def at_slurm(desk, slurm):
    """A place to type commands in on a cluster."""
    desk.variables |= slurm
    return desk


def array_of(command):
    """What Slurm calls the jobs of a command."""
    until(lambda: "The jobs are Slurm's" in command.said, "an array", command)
    return re.search(r"The jobs are Slurm's (\d+):", command.said)[1]


def test_a_cancelled_job_is_named_and_the_same_command_finishes_the_rest(at_slurm, monkeypatch):
    command = at_slurm.type(*SIX_IN_THREE)
    array = array_of(command)
    until((at_slurm.place / WAITS).exists, "the job that waits", command)
    at_slurm.asked("scancel", f"{array}_1")
    code, results = command.end()
    assert code == CellsFailed.exit_code
    assert results.keys() == {1, 2, 5, 6}, "the others were waited for"
    log = re.escape("/group-1.log has its words. The same command goes on.")
    for seed in (3, 4):
        assert re.search(f"seed={seed}: Slurm's job {array}_1 was cancelled.*{log}", command.said)
    before = at_slurm.done()
    assert not {"trained 3", "trained 4"} & set(before)
    (at_slurm.place / OPEN).touch()
    again = at_slurm.type(*SIX_IN_THREE)
    code, results = again.end()
    assert code == 0, again.said
    later = at_slurm.done()[len(before) :]
    assert sorted(line for line in later if line.startswith("trained")) == [
        "trained 3",
        "trained 4",
    ]
    assert not set(later) & set(before), "nothing is done twice"
    monkeypatch.chdir(at_slurm.place)
    assert figures(results) == figures_without_launcher(1, 2, 3, 4, 5, 6)


@pytest.mark.slow
def test_a_command_that_is_stopped_leaves_its_jobs_alone_and_joins_them_again(at_slurm):
    command = at_slurm.type(*FOUR)
    array = array_of(command)
    until((at_slurm.place / WAITS).exists, "the job that waits", command)
    command.send(signal.SIGINT)
    code, _ = command.end()
    assert code == 130
    assert f"The jobs go on: `ftbench status {at_slurm.place}/runs` shows them" in command.said
    assert f"`scancel {array}` ends them" in command.said
    waiting = f"{array}_2 RUNNING"
    assert waiting in at_slurm.asked("squeue", "--array", "--noheader", "--format=%i %T")
    assert f"{array}_2" in at_slurm.asked(sys.executable, "-m", "ftbench", "status", "--json")
    until(lambda: sum(line.startswith("trained") for line in at_slurm.done()) == 3, "the others")
    again = at_slurm.type(*FOUR)
    until(lambda: f"Slurm's {array}" in again.said, "the same array", again)
    (at_slurm.place / OPEN).touch()
    code, results = again.end()
    assert code == 0, again.said
    assert results.keys() == {1, 2, 3, 4}
    trained = [line for line in at_slurm.done() if line.startswith("trained")]
    assert sorted(trained) == [f"trained {seed}" for seed in (1, 2, 3, 4)]


@pytest.mark.slow
def test_a_job_that_makes_room_is_queued_again_and_waited_for(at_slurm):
    command = at_slurm.type(*FOUR)
    array = array_of(command)
    until((at_slurm.place / WAITS).exists, "the job that waits", command)
    (at_slurm.place / WAITS).unlink()
    at_slurm.asked("scancel", "--signal=USR2", f"{array}_2")
    until((at_slurm.place / WAITS).exists, "the job that is back", command)
    (at_slurm.place / OPEN).touch()
    code, results = command.end()
    assert code == 0, command.said
    assert results.keys() == {1, 2, 3, 4}
    assert "called" not in command.said


@pytest.mark.slow
def test_a_job_whose_time_is_over_says_how_to_give_it_more(at_slurm):
    command = at_slurm.type(*FOUR, "hydra.launcher.timeout_min=5")
    array = array_of(command)
    until((at_slurm.place / WAITS).exists, "the job that waits", command)
    at_slurm.asked("scancel", "--signal=USR2", f"{array}_2")
    code, results = command.end()
    assert code == CellsFailed.exit_code
    assert results.keys() == {1, 2, 4}
    said = f"seed=3: Slurm's job {array}_2 ran out of its time (hydra.launcher.timeout_min=5)"
    assert said in command.said


@pytest.mark.slow
def test_a_job_that_fails_to_start_says_where_its_words_are(at_slurm):
    command = at_slurm.type("seed=1,2", "cells_per_job=1", SLURM, "hydra.launcher.setup=[exit 3]")
    array = array_of(command)
    code, _ = command.end()
    assert code == CellsFailed.exit_code
    for number in (0, 1):
        said = f"Slurm's job {array}_{number} ended (FAILED), before it began"
        assert said in command.said
    assert f"{array}_0_0_log.err has its words" in command.said


@pytest.mark.slow
def test_what_slurm_refuses_is_no_riddle(at_slurm):
    command = at_slurm.type("seed=1,2", SLURM, "hydra.launcher.partition=nowhere")
    code, _ = command.end()
    assert code == 2
    assert "invalid partition specified: nowhere" in command.said.splitlines()[-1]
