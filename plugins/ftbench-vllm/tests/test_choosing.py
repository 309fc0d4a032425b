"""When vLLM answers: where the user says so, and on CUDA where it is there."""

import sys

import pytest

from ftbench.errors import UsageError
from ftbench_hf.choosing import foreign_engine
from ftbench_hf.engine import Engine
from ftbench_vllm.engine import PYTHON, RUNNER, Vllm


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch):
    monkeypatch.delenv(PYTHON, raising=False)
    monkeypatch.delenv(RUNNER, raising=False)


def test_auto_takes_it_on_cuda_where_an_interpreter_is_named(monkeypatch):
    assert foreign_engine(Engine.auto, python="", is_cuda=True) is None
    monkeypatch.setenv(PYTHON, sys.executable)
    assert isinstance(foreign_engine(Engine.auto, python="", is_cuda=True), Vllm)
    assert foreign_engine(Engine.auto, python="", is_cuda=False) is None


@pytest.mark.parametrize("engine", [Engine.in_flight, Engine.batches, Engine.continuous])
def test_who_chooses_another_engine_gets_that(monkeypatch, engine):
    monkeypatch.setenv(PYTHON, sys.executable)
    assert foreign_engine(engine, python="", is_cuda=True) is None


def test_what_the_user_names_comes_before_what_the_machine_names(monkeypatch):
    monkeypatch.setenv(PYTHON, "of the machine")
    found = foreign_engine(Engine.vllm, python=sys.executable, is_cuda=False)
    assert found.python == sys.executable


def test_a_runner_that_nobody_knows_is_refused(monkeypatch):
    monkeypatch.setenv(RUNNER, "other")
    with pytest.raises(UsageError, match="other is none of: vllm, transformers"):
        foreign_engine(Engine.vllm, python=sys.executable, is_cuda=False)
