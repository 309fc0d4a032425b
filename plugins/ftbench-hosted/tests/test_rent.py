"""What is deployed is paid by the hour: set aside before, settled after, or removed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fireworks_double import BASE, FireworksDouble  # noqa: E402
from hosted_runs import job  # noqa: E402

from ftbench.errors import BudgetError  # noqa: E402
from ftbench.ledger.bills import Price  # noqa: E402
from ftbench.records import Message, Model, Probe, Question, Request  # noqa: E402
from ftbench.testing import JumpingClock, MemoryDesk  # noqa: E402
from ftbench_hosted.fireworks import Fireworks  # noqa: E402

TINY = Model(location=BASE, digest="", family="testing")


@pytest.fixture
def double():
    with FireworksDouble() as running:
        yield running


@pytest.fixture
def ask(double, tmp_path):
    """Train, then ask one question of what was trained; returns the desk."""

    def go(hourly, dollars, poll_seconds=10.0):
        backend = Fireworks(base_url=double.url, account="me", poll_seconds=poll_seconds)
        backend.clock = JumpingClock()
        desk = MemoryDesk(folder=tmp_path, dollars=dollars)
        desk.prices = {BASE: Price(input=0, output=0, training=0, hourly=hourly)}
        backend.fine_tune([job(backend.resolve(TINY), rows=4)], desk)
        tuned = desk.fine_tunes["job"].models[-1][1]
        turns = (Message(speaker="user", text="Where?"),)
        question = Question(
            key="q", task="t", measures="harmfulness", category="c", instruction="Where?",
            messages=turns, max_tokens=4,
        )  # fmt: skip
        backend.respond([Request(key="r", model=tuned, probe=Probe(), question=question)], desk)
        return desk

    return go


def paid(desk):
    return [answer["dollars"] for answer in desk.settled.values() if "removed" in answer]


def test_an_hour_that_was_begun_is_paid(ask, double):
    assert paid(ask(hourly=3.0, dollars=10.0)) == ["3"]
    assert double.deployments == {}


def test_every_hour_until_the_last_answer_is_paid(ask):
    assert paid(ask(hourly=3.0, dollars=100.0, poll_seconds=2.5 * 3600)) == ["9"]


def test_without_money_for_an_hour_nothing_is_deployed(ask, double):
    with pytest.raises(BudgetError):
        ask(hourly=300.0, dollars=10.0)
    assert not any(verb == "POST" and "deployments" in path for verb, path in double.calls)


def test_what_costs_nobody_knows_how_much_does_not_stay(ask, double):
    with pytest.raises(BudgetError):
        ask(hourly=None, dollars=10.0)
    assert double.deployments == {}
    assert any(verb == "DELETE" and "deployments" in path for verb, path in double.calls)


def test_what_is_deployed_for_nothing_costs_nothing(ask):
    desk = ask(hourly=0.0, dollars=1.0)
    assert paid(desk) == ["0"]
    assert desk.dollars == pytest.approx(0.75)  # the job itself, by the provider's own price
