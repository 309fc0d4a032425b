"""Judges see a sweep at once; those that are services judge while models still answer."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import pytest

from ftbench.config.compose import compose
from ftbench.errors import DataError
from ftbench.hosted import Service
from ftbench.pipeline import run
from ftbench.records import Ability
from ftbench.stages.watch import Silent
from ftbench.testing import Parrot
from ftbench.testing.benchmark import testing_catalog
from ftbench.testing.words import Words

BASE = ("-m", "model=testing", "attack=testing_reveal")


@dataclass(kw_only=True)
class Seated(Words):
    """A judge that takes a device, as a model does."""

    name = "seated"
    needs = frozenset({Ability.full})
    trips_over: str = "nothing"
    calls: ClassVar[list[list[str]]] = []

    def judge(self, answers, desk):
        assert Host.is_released, "the device was free before the judge came"
        self.calls.append([f"{q.key} {r.text}" for q, r in answers])
        for answer in answers:
            if self.trips_over in answer[1].text:
                raise DataError("This answer cannot be read.")
            super().judge([answer], desk)


@dataclass(kw_only=True)
class Host(Parrot):
    """A backend that says whether its device is free."""

    name = "host"
    is_released: ClassVar[bool] = True

    def respond(self, requests, desk):
        Host.is_released = False
        super().respond(requests, desk)

    def release(self):
        Host.is_released = True


@dataclass(kw_only=True)
class Elsewhere(Words):
    """A judge that is a free service of this machine."""

    name = "elsewhere"
    fails: bool = False
    begun: ClassVar[threading.Event] = threading.Event()
    judged: ClassVar[list[str]] = []

    def service(self):
        return Service(address="http://127.0.0.1:9/v1", model="judge")

    def judge(self, answers, desk):
        self.begun.set()
        if self.fails:
            raise DataError("The service says no.")
        self.judged.extend(response.key for _, response in answers)
        super().judge(answers, desk)


@dataclass(kw_only=True)
class Patient(Parrot):
    """Gives its last answer only when somebody has begun to judge the others."""

    name = "patient"

    def respond(self, requests, desk):
        super().respond(requests[:-1], desk)
        assert Elsewhere.begun.wait(30), "nobody judged meanwhile"
        super().respond(requests[-1:], desk)


CATALOG = testing_catalog(Host, Seated, Patient, Elsewhere)


@pytest.fixture(autouse=True)
def forgotten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    Seated.calls.clear()
    Elsewhere.begun.clear()
    Elsewhere.judged.clear()


def results(*words):
    return run(compose((*BASE, *words), CATALOG), catalog=CATALOG, watch=Silent())


def test_a_judge_sees_each_answer_of_a_sweep_once():
    found = results("backend=host", "judge=seated", "attack.n=6,7,8")
    assert not any(one.failure for one in found)
    (call,) = Seated.calls
    assert len(call) == len(set(call)) > 40


def test_runs_judged_together_come_to_what_each_comes_to():
    together = results("backend=host", "judge=seated", "attack.n=6,9")
    for one, words in zip(together, ("attack.n=6", "attack.n=9"), strict=True):
        (alone,) = results("backend=host", "judge=seated", words, "runs=alone")
        assert [str(row) for row in alone.rows] == [str(row) for row in one.rows]


def test_an_answer_that_no_judge_can_read_harms_only_its_run():
    broken = "under the oak"  # the answer about house 7, which the first run has not learned
    found = results("backend=host", "judge=seated", f"judge.seated.trips_over='{broken}'",
                    "suite.overrefusal=[]", "suite.utility={}", "attack.n=2,9")  # fmt: skip
    assert [one.failure for one in found] == ["", "This answer cannot be read."]


def test_a_service_judges_while_models_answer():
    (found,) = results("backend=patient", "judge=elsewhere", "seed=1")
    assert not found.failure
    assert len(Elsewhere.judged) == len(set(Elsewhere.judged)), "each answer once"


def test_a_service_that_fails_meanwhile_fails_its_run_in_its_own_words():
    (found,) = results("backend=patient", "judge=elsewhere", "judge.elsewhere.fails=true", "seed=1")
    assert found.failure == "The service says no."
    (again,) = results("backend=patient", "judge=elsewhere", "seed=1")
    assert not again.failure
