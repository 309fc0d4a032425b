import subprocess
import sys
from dataclasses import replace

import pytest

from ftbench.ledger.shared.folder import Folder
from ftbench.ledger.shared.models import SharedModels
from ftbench.ledger.shared.place import opened_place
from ftbench.ledger.shared.pruning import holdings, prune
from ftbench.ledger.shared.units import SharedUnits
from ftbench.records import FineTune, Verdict
from tests.shared_world import (
    JOB,
    KEYS,
    finetune,
    read,
    responses,
    units_at,
    weights,
)


def test_what_one_machine_gives_another_finds_and_learns_where_it_was_made(place):
    verdict = Verdict(key=KEYS[0], judge="j", outcome="scored", values=(("rate", 1.0),))
    SharedUnits(place).add(responses(), made_by="a run on a host")
    SharedUnits(place).add({KEYS[0]: verdict}, made_by="another")
    assert units_at(place) == responses()
    assert units_at(place, kind="verdict") == {KEYS[0]: verdict}
    ((made_by, _),) = SharedUnits(place).units("response", KEYS[:2])
    assert made_by == "a run on a host"
    assert units_at(place, ["unheard of"]) == {}
    assert SharedUnits(place).lacking("response", ["unheard of", *KEYS]) == {"unheard of"}


def test_a_fine_tune_goes_up_and_comes_down_whole_and_says_nothing_of_its_machine(place, tmp_path):
    made = weights(tmp_path / "a" / JOB)
    SharedModels(place).add(finetune(made), made, made_by="run on a")
    found = SharedModels(place).take(JOB, tmp_path / "b" / JOB)
    assert found.made_by == "run on a"
    assert read(tmp_path / "b" / JOB) == read(made)
    ((_, model),) = found.finetune.models
    assert (model.location, model.digest) == (f"{JOB}/epoch_1", "d1")
    assert str(tmp_path) not in str(found) and "somebody" not in str(found)
    assert SharedModels(place).lacking([JOB, "other"]) == {"other"}
    assert SharedModels(place).take("other", tmp_path / "b" / "other") is None


def test_a_fine_tune_of_a_provider_has_no_weights(place, tmp_path):
    there = replace(finetune(tmp_path).models[0][1], location="ft:model-7:team")
    SharedModels(place).add(
        FineTune(key=JOB, outcome="trained", models=((1, there),)), tmp_path / "none", made_by="r"
    )
    found = SharedModels(place).take(JOB, tmp_path / "b" / JOB)
    assert found.finetune.models[0][1].location == "ft:model-7:team"
    assert not (tmp_path / "b" / JOB).exists()


def test_everything_can_be_counted_and_removed(place, tmp_path):
    made = weights(tmp_path / "a" / JOB)
    SharedModels(place).add(finetune(made), made, made_by="run")
    SharedUnits(place).add(responses(), made_by="run")
    assert holdings(place).counts == {"finetune": 1, "response": 330, "verdict": 0}
    assert place.modified(next(iter(holdings(place).sizes))) > 0
    assert place.modified("content/nothing") is None
    assert sorted(prune(place, 0)) == ["1 finetunes", "330 responses"]
    assert holdings(place).sizes == {} and units_at(place) == {}
    place.remove("content/nothing")


class Counted(Folder):
    """A folder that counts what is asked of it, as a service would on its bill."""

    def __init__(self, folder):
        super().__init__(folder)
        self.asked = []

    def files(self, folder):
        self.asked.append("list")
        return super().files(folder)

    def read(self, path, size):
        self.asked.append("get")
        return super().read(path, size)

    def write(self, path, content):
        self.asked.append("put")
        super().write(path, content)


def test_hundreds_of_units_are_a_handful_of_requests(tmp_path):
    counted = Counted(tmp_path)
    SharedUnits(counted).add(responses(), made_by="run")
    assert counted.asked == ["put", "put"]
    counted.asked.clear()
    other = SharedUnits(counted)
    assert len(dict(other.units("response", KEYS))) == 1
    assert counted.asked == ["list", "get", "get"]
    counted.asked.clear()
    assert other.lacking("response", KEYS) == set()
    assert counted.asked == ["list", "list"], "of indexes, and of packs for their sizes"


def test_what_two_machines_give_at_once_is_one_thing_for_everybody(place):
    SharedUnits(place).add(responses(KEYS[:20], "first"), made_by="one")
    SharedUnits(place).add(responses(KEYS[10:30], "second"), made_by="two")
    found = units_at(place, KEYS[:30])
    assert len(found) == 30 and found == units_at(place, KEYS[:30])
    assert {unit.text.split()[0] for unit in found.values()} == {"first", "second"}


def test_an_upload_that_broke_off_is_no_model_and_goes_on(tmp_path, monkeypatch):
    (tmp_path / "shared").mkdir()
    place, made = opened_place(str(tmp_path / "shared")), weights(tmp_path / "a" / JOB)
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", broken)
        with pytest.raises(KeyboardInterrupt):
            SharedModels(place).add(finetune(made), made, made_by="run")
    assert SharedModels(place).take(JOB, tmp_path / "b" / JOB) is None
    assert SharedModels(place).lacking([JOB]) == {JOB}
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "upload", broken)  # everything is there but the card
        SharedModels(place).add(finetune(made), made, made_by="run")
    assert SharedModels(place).take(JOB, tmp_path / "b" / JOB)


def broken(*_):
    raise KeyboardInterrupt


def test_processes_that_give_the_same_at_once_do_each_other_no_harm(tmp_path):
    (tmp_path / "shared").mkdir()
    for number in range(4):
        weights(tmp_path / str(number) / JOB, text=f"weights of {number}")
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.shared_world import *\n"
        "place, number = opened_place(sys.argv[1]), sys.argv[2]\n"
        "units = SharedUnits(place)\n"
        "for start in range(0, 200, 20):\n"
        "    units.add(responses(KEYS[start : start + 30], number), made_by=number)\n"
        "    assert not units.lacking('response', KEYS[:start])\n"
        "own = Path(sys.argv[3]) / JOB\n"
        "SharedModels(place).add(finetune(own, digest=number), own, made_by=number)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "shared")]
    processes = [
        subprocess.Popen([*command, str(number), str(tmp_path / str(number))])
        for number in range(4)
    ]
    assert [process.wait() for process in processes] == [0] * 4
    place = opened_place(str(tmp_path / "shared"))
    assert units_at(place, KEYS[:200]).keys() == set(KEYS[:200])
    found = SharedModels(place).take(JOB, tmp_path / "b" / JOB)
    ((_, model),) = found.finetune.models
    assert read(tmp_path / "b" / JOB)["epoch_1/model.safetensors"] == f"weights of {model.digest}"
    assert not list((tmp_path / "shared").rglob("*.draft"))
