"""Jobs in processes of this machine, by submitit and by joblib: what they come to, and the end."""

import signal

import pytest

from .conftest import figures, figures_without_launcher, until
from .slow_town import OPEN, WAITS

TWO = ("seed=1,2", "cells_per_job=1")
SUBMITIT = "hydra/launcher=submitit_local"
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


@pytest.mark.parametrize("words", [(SUBMITIT,), pytest.param(JOBLIB, marks=pytest.mark.slow)])
def test_jobs_come_to_what_one_process_comes_to(words, desk, monkeypatch):
    command = desk.type(*TWO, *words)
    code, results = command.end()
    assert code == 0, command.said
    monkeypatch.chdir(desk.place)
    assert figures(results) == figures_without_launcher(1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_the_command_stops_its_jobs_where_they_can_go_on(sent, desk):
    words = (*TWO, SUBMITIT, "backend.seed=2")
    command = desk.type(*words)
    until((desk.place / WAITS).exists, "the job that waits", command)
    command.send(sent)
    code, _ = command.end()
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}[sent]
    assert "Traceback" not in command.said
    (state,) = [job for job in desk.jobs() if job["job"] == 1]
    assert state["state"] == "stopped", "not killed"
    (desk.place / OPEN).touch()
    again = desk.type(*words)
    code, results = again.end()
    assert code == 0, again.said
    assert results.keys() == {1, 2}
    trained = [line for line in desk.done() if line.startswith("trained")]
    assert sorted(trained) == ["trained 1", "trained 2"]


@pytest.mark.slow
def test_a_sweep_that_is_typed_twice_is_done_once(desk):
    words = (*TWO, SUBMITIT, "backend.seed=2")
    first = desk.type(*words)
    until((desk.place / WAITS).exists, "the job that waits", first)
    second = desk.type(*words)
    until(lambda: "launch" in second.said, "the second command's jobs", second)
    (desk.place / OPEN).touch()
    for command in (first, second):
        code, results = command.end()
        assert code == 0, command.said
        assert results.keys() == {1, 2}
    trained = [line for line in desk.done() if line.startswith("trained")]
    assert sorted(trained) == ["trained 1", "trained 2"]


@pytest.mark.parametrize("name", ["nodes", "tasks_per_node"])
def test_a_job_that_would_be_done_twice_is_refused(name, desk):
    command = desk.type(*TWO, "hydra/launcher=submitit_slurm", f"hydra.launcher.{name}=2")
    code, _ = command.end()
    assert code == 2
    assert f"hydra.launcher.{name}=2 would do each job 2 times" in command.said
