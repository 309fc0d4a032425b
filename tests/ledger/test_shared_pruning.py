import os
import time

import pytest

from ftbench.ledger.shared import models, packs
from ftbench.ledger.shared.models import SharedModels
from ftbench.ledger.shared.place import opened_place
from ftbench.ledger.shared.pruning import DAY_SECONDS, holdings, prune
from ftbench.ledger.shared.units import SharedUnits
from ftbench.records import FineTune, Model, Response

OLD, NEW = "2026-01-01T00:00:00+00:00", "2026-11-01T00:00:00+00:00"


@pytest.fixture
def place(tmp_path):
    return opened_place(str(tmp_path))


@pytest.fixture
def at(monkeypatch):
    """Choose the time at which what comes next is given."""

    def choose(moment):
        monkeypatch.setattr(packs, "moment", lambda: moment)
        monkeypatch.setattr(models, "moment", lambda: moment)

    return choose


def give_units(place, key):
    SharedUnits(place).add({key: Response(key=key, outcome="ok", text="x" * 500)}, made_by="run")


def give_model(place, key, folder):
    (folder / key / "epoch_1").mkdir(parents=True)
    (folder / key / "epoch_1" / "same").write_text("the same weights" * 50)
    model = Model(location=f"{key}/epoch_1", digest="d", family="f")
    tuned = FineTune(key=key, outcome="trained", models=((1, model),))
    SharedModels(place).add(tuned, folder / key, made_by="run")


def test_what_was_given_first_goes_first(place, at):
    at(NEW)
    give_units(place, "new")
    at(OLD)
    give_units(place, "old")
    assert prune(place, holdings(place).size - 1) == ["1 responses"]
    assert SharedUnits(place).lacking("response", ["old", "new"]) == {"old"}
    assert prune(place, 0) == ["1 responses"]
    assert holdings(place).sizes == {}


def test_weights_stay_as_long_as_a_card_leads_to_them(place, at, tmp_path):
    at(OLD)
    give_model(place, "old", tmp_path / "a")
    at(NEW)
    give_model(place, "new", tmp_path / "a")
    assert holdings(place).counts == {"finetune": 2, "response": 0, "verdict": 0}
    assert len([path for path in holdings(place).sizes if path.startswith("content/")]) == 1
    assert prune(place, holdings(place).size - 1) == ["1 finetunes"]
    assert SharedModels(place).take("old", tmp_path / "b" / "old") is None
    assert SharedModels(place).take("new", tmp_path / "b" / "new")


def test_what_nothing_refers_to_goes_only_once_it_cannot_be_on_its_way(place, tmp_path):
    give_units(place, "whole")
    for number, name in enumerate(("content/half", "index/response/damaged")):
        place.write(name, b"x" * number)
    assert prune(place, 1 << 30) == []
    long_ago = time.time() - 2 * DAY_SECONDS
    for path in (tmp_path / "content" / "half", tmp_path / "index" / "response" / "damaged"):
        os.utime(path, (long_ago, long_ago))
    assert prune(place, 1 << 30) == ["2 files that nothing refers to"]
    assert SharedUnits(place).lacking("response", ["whole"]) == set()
