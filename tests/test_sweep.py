"""A sweep hands its work over at once, comes to what its runs come to, and nobody harms another."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from ftbench.archive.opening import LEDGER, ReadOnlyLedger
from ftbench.archive.reading import read_result
from ftbench.archive.status import status
from ftbench.config.compose import compose
from ftbench.errors import DataError
from ftbench.pipeline import run
from ftbench.stages.watch import Silent
from ftbench.testing import Parrot
from ftbench.testing.benchmark import testing_catalog

SEEDS = "seed=0,1,2,3,4"


@dataclass(kw_only=True)
class Flock(Parrot):
    """Parrots that learn together; one of them may not be able to."""

    name = "flock"
    gains_from_many = True
    bad_seed: int = -1
    bad_answers: int = -1
    """The training after which it refuses to speak."""
    calls: ClassVar[list[tuple[str, int]]] = []

    def fine_tune(self, jobs, desk):
        self.calls.append(("train", len(jobs)))
        if any(job.seed == self.bad_seed for job in jobs):
            raise DataError(f"Row 3 is broken for seed {self.bad_seed}.")
        super().fine_tune(jobs, desk)

    def respond(self, requests, desk):
        self.calls.append(("ask", len(requests)))
        keys = {request.key for request in requests}
        assert len(keys) == len(requests), "each request once"
        desk.note(f"The {self.name} speaks.", engine=self.name)
        super().respond(requests, desk)


@dataclass(kw_only=True)
class Loner(Flock):
    """The same parrots, each by itself."""

    name = "loner"
    gains_from_many = False


CATALOG = testing_catalog(Flock, Loner)
BASE = ("model=testing", "attack=testing_reveal")


@pytest.fixture(autouse=True)
def forgotten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    Flock.calls.clear()


def results(*words):
    return run(compose((*BASE, *words), CATALOG), catalog=CATALOG, watch=Silent())


def told(result):
    """What a result says but where, when and with which backend it was made."""
    return [str(row) for row in (*result.rows, *result.differences)]


def test_a_sweep_is_trained_and_asked_in_one_call_each():
    found = results("-m", "backend=flock", "attack.n=6,7,8,9")
    assert not any(one.failure for one in found)
    assert Flock.calls == [("train", 4), ("ask", 42 * 5)], "four tuned models, and the base once"


def test_who_looks_meanwhile_sees_what_was_answered(monkeypatch):
    seen = []

    def respond(self, requests, desk):
        seen.append([status(folder) for folder in sorted(Path("runs").iterdir())])
        Parrot.respond(self, requests, desk)

    monkeypatch.setattr(Flock, "respond", respond)
    results("-m", "backend=flock", "seed=0,1")
    assert [one.responses[0].total > 0 for one in seen[0]] == [True, True]


def test_it_comes_to_what_its_runs_come_to():
    together = results("-m", "backend=flock", SEEDS)
    alone = [results("backend=loner", f"seed={seed}")[0] for seed in (0, 4)]
    assert [told(together[seed]) for seed in (0, 4)] == [told(one) for one in alone]


def test_the_same_command_does_nothing_again():
    results("-m", "backend=flock", "seed=0,1")
    Flock.calls.clear()
    results("-m", "backend=flock", "seed=0,1")
    assert not Flock.calls


def test_one_more_seed_is_all_that_is_done_anew():
    results("-m", "backend=flock", "attack.n=6,7")
    Flock.calls.clear()
    results("-m", "backend=flock", "attack.n=6,7,8")
    assert Flock.calls == [("train", 1), ("ask", 42)]


def test_one_that_cannot_be_trained_harms_nobody():
    found = results("-m", "backend=flock", "backend.bad_seed=3", SEEDS)
    failures = {seed: one.failure for seed, one in enumerate(found) if one.failure}
    assert failures == {3: "Row 3 is broken for seed 3."}
    trained = [count for what, count in Flock.calls if what == "train"]
    assert sum(trained) < 5 * 4 and max(trained) == 5, "halves, not each alone"


def test_the_models_lie_in_the_folders_of_their_runs():
    found = results("-m", "backend=flock", "seed=0,1,2")
    for one in found:
        models = list((Path(one.folder) / "private" / "models").iterdir())
        assert len(models) == 1 and not models[0].is_symlink()
        assert any(models[0].rglob("*")), "the weights themselves"
        record = ReadOnlyLedger(Path(one.folder) / LEDGER)
        (finetune,) = record.all("finetune").values()
        assert Path(finetune.models[-1][1].location).is_relative_to(models[0])
        record.close()
    assert read_result(Path(found[0].folder)).rows


def test_runs_that_share_a_training_share_its_record():
    found = results("-m", "backend=flock", "divergence_tokens=0", "name=one,other")
    assert all(not one.failure for one in found)
    assert [count for what, count in Flock.calls if what == "train"] == [1]


def test_the_time_of_what_was_done_together_is_shared():
    for one in results("-m", "backend=flock", "seed=0,1,2"):
        seconds = read_result(Path(one.folder)).record["seconds"]
        assert {"finetune", "respond"} <= seconds.keys()


class Listening(Silent):
    """Hears what the user is told."""

    def __init__(self):
        self.heard = []

    def note(self, text):
        self.heard.append(text)


def test_how_a_sweep_was_asked_is_told_once_and_is_part_of_each_result():
    watch = Listening()
    cells = compose((*BASE, "-m", "backend=flock", "seed=0,1"), CATALOG)
    found = run(cells, catalog=CATALOG, watch=watch)
    assert watch.heard == ["The flock speaks."]
    noted = [{"note": "The flock speaks.", "engine": "flock"}]
    assert [read_result(Path(one.folder)).record["notes"] for one in found] == [noted] * 2
