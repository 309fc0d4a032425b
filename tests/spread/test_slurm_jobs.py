"""What is made of Slurm's answers, those that a well Slurm seldom gives too."""

import os

import pytest

from ftbench.spread import slurm_jobs
from ftbench.spread.slurm_jobs import SlurmJobs, still_queued
from ftbench.spread.squeue import queued
from ftbench.spread.sweep_folder import Group, SweepFolder, begun

GROUPS = [Group(cells=((f"seed={seed}",),), numbers=(seed,)) for seed in range(2)]
NAMES = {0: "12_0", 1: "12_1"}
SQUEUE = """#!/bin/sh
cd "${0%/*}"
answer=$(ls -d [0-9]* | head -1)
cat "$answer/out"
cat "$answer/err" >&2
code=$(cat "$answer/code")
[ "$(ls -d [0-9]* | wc -l)" = 1 ] || mv "$answer" "given-$answer"
exit "$code"
"""


class Noting:
    """Somebody who reads notes."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """Say what ``squeue`` answers, call by call; the last answer again and again."""
    place = tmp_path / "bin"
    place.mkdir()
    program = place / "squeue"
    program.write_text(SQUEUE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(slurm_jobs, "_LOOK_SECONDS", 0.01)

    def answer(*several):
        for number, (out, err, code) in enumerate(several):
            folder = place / str(number)
            folder.mkdir()
            for name, text in (("out", out), ("err", err), ("code", str(code))):
                (folder / name).write_text(text)

    return answer


def states(*lines):
    return "".join(f"{line}\n" for line in lines), "", 0


FORGOTTEN = ("", "slurm_load_jobs error: Invalid job id specified\n", 1)
SILENT = ("", "slurm_load_jobs error: Unable to contact slurm controller\n", 1)


@pytest.fixture
def folder(tmp_path):
    made = SweepFolder.of(tmp_path / "runs", GROUPS)
    made.begin(GROUPS, launcher="submitit_slurm", is_agreed=False)
    made.put_scheduled(NAMES)
    return made


def ended(folder, number, **more):
    state = begun(folder.token) | {"ended": "now", "cells": [{}]}
    folder.put_state(number, state | more)


def awaited(folder, tmp_path, watch=None):
    settings = {"submitit_folder": str(tmp_path / "%j"), "timeout_min": 60}
    jobs = SlurmJobs(NAMES, settings)
    return {n: one.words for n, one in jobs.wait(folder, watch or Noting(), lambda: False).items()}


def test_a_slurm_that_does_not_answer_is_asked_again(answers, folder, tmp_path):
    answers(SILENT, states("12_0|RUNNING|None", "12_1|FAILED|None"), SILENT, states())
    watch = Noting()
    found = awaited(folder, tmp_path, watch)
    assert found[0] == "Slurm's job 12_0 ended (Slurm forgot how)"
    assert found[1] == "Slurm's job 12_1 ended (FAILED)"
    assert sum("does not answer" in note for note in watch.notes) == 1


def test_jobs_that_slurm_has_forgotten_are_over(answers, folder, tmp_path):
    answers(FORGOTTEN)
    assert awaited(folder, tmp_path).keys() == NAMES.keys()


def test_a_job_that_has_written_all_its_results_is_over_whatever_slurm_says(
    answers, folder, tmp_path
):
    answers(SILENT)
    for number in NAMES:
        ended(folder, number)
    assert awaited(folder, tmp_path).keys() == NAMES.keys()


def test_why_a_job_may_wait_for_ever_is_told_once(answers, folder, tmp_path):
    waits = states("12_0|PENDING|Resources", "12_1|PENDING|QOSMaxGRESPerUser")
    answers(waits, waits, waits, FORGOTTEN)
    watch = Noting()
    awaited(folder, tmp_path, watch)
    assert [note for note in watch.notes if "waits" in note] == [
        "Slurm's job 12_1 waits: QOSMaxGRESPerUser."
    ]


def test_jobs_that_wait_for_one_reason_are_told_together(answers, folder, tmp_path):
    waits = states("12_0|PENDING|PartitionConfig", "12_1|PENDING|PartitionConfig")
    answers(waits, waits, FORGOTTEN)
    watch = Noting()
    awaited(folder, tmp_path, watch)
    assert [note for note in watch.notes if "waits" in note] == [
        "Slurm's job 12_0, as another does, waits: PartitionConfig."
    ]


def test_who_is_forgotten_while_they_wait_was_cancelled(answers, folder, tmp_path):
    """Slurm drops what waits from its array; what has begun is known a while longer."""
    answers(states("12_0|RUNNING|None", "12_1|PENDING|Resources"), FORGOTTEN)
    assert awaited(folder, tmp_path) == {
        0: "Slurm's job 12_0 ended (Slurm forgot how)",
        1: "Slurm's job 12_1 was cancelled",
    }


def test_who_has_said_something_did_not_only_wait(answers, folder, tmp_path):
    (tmp_path / "12_1").mkdir()
    (tmp_path / "12_1" / "12_1_0_log.err").touch()
    answers(states("12_0|PENDING|None", "12_1|PENDING|None"), FORGOTTEN)
    assert awaited(folder, tmp_path)[1] == "Slurm's job 12_1 ended (Slurm forgot how)"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("CANCELLED", "was cancelled"),
        ("NODE_FAIL", "lost its node"),
        ("OUT_OF_MEMORY", "needed more memory than hydra.launcher.mem_gb asks for"),
        ("PREEMPTED", "had to make room for another"),
        ("TIMEOUT", "ran out of its time (hydra.launcher.timeout_min=60)"),
        ("BOOT_FAIL", "ended (BOOT_FAIL)"),
    ],
)
def test_every_end_has_words(state, words, answers, folder, tmp_path):
    answers(states(f"12_0|{state}|None", "12_1|COMPLETED|None"))
    assert awaited(folder, tmp_path)[0] == f"Slurm's job 12_0 {words}"


def test_only_jobs_that_go_on_are_joined(answers, folder):
    answers(states("12_0|RUNNING|None", "12_1|COMPLETING|None"))
    assert still_queued(folder) == {0: "12_0"}
    ended(folder, 0)
    assert still_queued(folder) == {}


def test_a_job_that_was_stopped_and_is_queued_again_goes_on(answers, folder):
    answers(states("12_0|PENDING|BeginTime", "12_1|COMPLETED|None"))
    ended(folder, 0, stopped=True)
    assert still_queued(folder) == {0: "12_0"}


def test_without_slurm_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queued(NAMES.values()) is None
