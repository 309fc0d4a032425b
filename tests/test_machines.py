"""Two machines that share finished work: what one has done, the other takes."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ftbench.archive.verify import verify
from ftbench.config.compose import compose
from ftbench.errors import StorageError
from ftbench.ledger.payments import payments
from ftbench.ledger.store import Ledger
from ftbench.pipeline import run
from ftbench.stages.watch import Silent
from ftbench.testing import Parrot, Words
from ftbench.testing.benchmark import testing_catalog
from tests.paid_parrot import TABLE, PaidParrot, PaidWords
from tests.s3 import BUCKET, s3_server

CATALOG = testing_catalog(PaidParrot, PaidWords)
CELL = ("model=testing", "attack=testing_reveal", "judge=testing_words", "backend=testing_parrot")
PAID = (*CELL[:2], "judge=paid_words", "backend=paid_parrot", "budget_usd=9", "prices=prices.yaml")


@dataclass
class Heard(Silent):
    """Remembers what the user was told."""

    notes: list = field(default_factory=list)

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def done(monkeypatch):
    """Count what is done anew."""
    counts = {"trained": 0, "answered": 0, "judged": 0}

    def counting(owner, name, word):
        own = getattr(owner, name)

        def counted(self, items, desk):
            counts[word] += len(items)
            own(self, items, desk)

        monkeypatch.setattr(owner, name, counted)

    counting(Parrot, "fine_tune", "trained")
    counting(Parrot, "respond", "answered")
    counting(Words, "judge", "judged")
    return counts


@pytest.fixture
def at(tmp_path, monkeypatch, done):
    """Sit at a machine: a cache, a folder and a working directory of its own."""

    def sit(machine):
        (tmp_path / machine).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / machine)
        (tmp_path / machine / "prices.yaml").write_text(TABLE)
        monkeypatch.setenv("FTBENCH_CACHE", str(tmp_path / machine / "cache"))
        monkeypatch.setattr("socket.gethostname", lambda: f"machine-{machine}")
        done.update(dict.fromkeys(done, 0))

    return sit


@pytest.fixture(scope="module")
def server():
    with s3_server() as variables:
        yield variables


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A folder that every machine sees."""
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", str(tmp_path / "shared"))
    return tmp_path / "shared"


def results(*words, watch=None):
    return run(compose(words, CATALOG), catalog=CATALOG, watch=watch or Silent())


def ledger_of(result):
    return Ledger(Path(result.folder) / "private" / "ledger.sqlite")


NOTHING = {"trained": 0, "answered": 0, "judged": 0}


@pytest.mark.parametrize("cell", [CELL, PAID], ids=["local", "paid"])
def test_what_one_machine_has_done_another_takes_and_can_prove(cell, at, done, server, monkeypatch):
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", f"s3://{BUCKET}/{cell[-1]}")
    at("a")
    (first,) = results(*cell)
    assert all(done.values()) and not first.failure
    at("b")
    (second,) = results(*cell)
    assert done == NOTHING
    assert second.headline("tuned") == first.headline("tuned")
    proven = verify(Path(second.folder))
    assert proven.is_whole
    assert proven.checked["model"] == verify(Path(first.folder)).checked["model"] == 1
    ledger = ledger_of(second)
    for kind in ("finetune", "response", "verdict"):
        origins = {ledger.origin(kind, key) for key in ledger.keys(kind)}
        assert origins == {f"shared cache ({first.run} on machine-a)"}, kind
    assert not list(payments(ledger))
    assert "machine-a" not in (Path(second.folder) / "public" / "result.json").read_text()


def test_a_sweep_takes_from_many_machines_what_each_has_done(at, done, shared):
    for machine, number in (("a", 1), ("b", 2)):
        at(machine)
        results(*CELL, f"attack.n={number}")
    at("c")
    found = results("-m", *CELL, "attack.n=1,2")
    assert done == NOTHING and not any(result.failure for result in found)
    origins = set()
    for result in found:
        ledger = ledger_of(result)
        origins |= {ledger.origin("finetune", key) for key in ledger.keys("finetune")}
    assert origins == {
        f"shared cache ({found[0].run} on machine-a)",
        f"shared cache ({found[1].run} on machine-b)",
    }


def test_without_a_cache_of_its_own_a_machine_still_shares(at, done, shared, monkeypatch):
    for machine in ("a", "b"):
        at(machine)
        monkeypatch.setenv("FTBENCH_CACHE", "off")
        (result,) = results(*CELL)
        assert not result.failure
    assert done == NOTHING


def test_a_shared_cache_out_of_reach_ends_the_command_before_anything_is_done(at, done, shared):
    at("a")
    shutil.rmtree(shared)
    with pytest.raises(StorageError, match="is no folder. Mount or make it"):
        results(*CELL)
    assert done == NOTHING


def test_a_shared_cache_that_goes_away_midway_loses_nothing_and_is_given_the_rest_later(
    at, done, shared, monkeypatch
):
    at("a")
    away, watch = shared.with_name("away"), Heard()
    own = Parrot.respond

    def respond(self, items, desk):
        if shared.exists():
            shared.rename(away)
        own(self, items, desk)

    with monkeypatch.context() as patch:
        patch.setattr(Parrot, "respond", respond)
        (result,) = results(*CELL, watch=watch)
    assert not result.failure and result.headline("tuned")
    assert any("cannot be written" in note and "shares later" in note for note in watch.notes)
    away.rename(shared)
    results(*CELL)
    at("b")
    results(*CELL)
    assert done == NOTHING


def test_who_pays_does_not_go_on_where_what_is_paid_for_cannot_be_seen(
    at, done, shared, monkeypatch
):
    at("a")
    own = Parrot.respond

    def respond(self, items, desk):
        own(self, items, desk)
        shutil.rmtree(shared, ignore_errors=True)

    with monkeypatch.context() as patch:
        patch.setattr(Parrot, "respond", respond)
        (result,) = results(*PAID)
    assert result.exit_code == StorageError.exit_code and "cannot be read" in result.failure
    assert done["answered"] and not done["judged"]


def test_what_was_done_before_anything_was_shared_is_shared_by_the_same_command(
    at, done, shared, monkeypatch
):
    at("a")
    with monkeypatch.context() as patch:
        patch.delenv("FTBENCH_SHARED_CACHE")
        results(*CELL)
    results(*CELL)
    at("b")
    results(*CELL)
    assert done == NOTHING
