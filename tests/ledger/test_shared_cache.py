import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftbench.errors import StorageError, UsageError
from ftbench.ledger.cache import StageCache
from ftbench.ledger.finished import FinishedWork
from ftbench.ledger.shared.folder import Folder
from ftbench.ledger.shared.models import Card, SharedModels, card_in
from ftbench.ledger.shared.packs import as_json, named
from ftbench.ledger.shared.place import opened_place, shared_address
from ftbench.ledger.shared.pruning import holdings, prune
from ftbench.ledger.shared.units import SharedUnits
from ftbench.ledger.store import Ledger
from ftbench.records import FineTune, Model, Response, Verdict
from tests.s3 import BUCKET, s3_server

KEYS = [f"{number:064x}" for number in range(330)]
JOB = "ab" * 32


@pytest.fixture(scope="module")
def server():
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["folder", "s3"])
def place(request, tmp_path, monkeypatch):
    """Somewhere that machines share: a folder, then S3 as it is on this machine."""
    if request.param == "folder":
        (tmp_path / "shared").mkdir()
        return opened_place(str(tmp_path / "shared"))
    for name, value in request.getfixturevalue("server").items():
        monkeypatch.setenv(name, value)
    return opened_place(f"s3://{BUCKET}/{tmp_path.name}")


def responses(keys=KEYS, text="words"):
    return {key: Response(key=key, outcome="ok", text=f"{text} {key[-3:]}") for key in keys}


def units_at(place, keys=KEYS, kind="response"):
    return {k: unit for _, some in SharedUnits(place).units(kind, keys) for k, unit in some.items()}


def weights(folder, text="weights"):
    (folder / "epoch_1").mkdir(parents=True)
    (folder / "epoch_1" / "model.safetensors").write_text(text)
    (folder / "config.json").write_text("{}")
    return folder


def finetune(where, key=JOB, digest="d1"):
    base = Model(location="/home/of/somebody/base", digest="b", family="testing")
    model = Model(
        location=str(where / "epoch_1"), digest=digest, family="testing", base=base, parent=base,
        family_data="/home/of/somebody/data",
    )  # fmt: skip
    return FineTune(key=key, outcome="trained", models=((1, model),))


def read(folder):
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_text() for file in files}


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
    assert counted.asked == ["list"]


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


def shared_by_a_machine(folder):
    """A shared folder with a hundred units and a model in it; returns its place."""
    (folder / "shared").mkdir()
    place, made = opened_place(str(folder / "shared")), weights(folder / "a" / JOB)
    SharedUnits(place).add(responses(KEYS[:50]), made_by="run")
    SharedUnits(place).add(responses(KEYS[50:100]), made_by="run")
    SharedModels(place).add(finetune(made), made, made_by="run")
    return place


def changed(content, at, how):
    at %= max(len(content), 1)
    return {
        "flip": content[:at] + bytes([content[at] ^ 1 if content else 0]) + content[at + 1 :],
        "cut": content[:at],
        "more": content + b"x",
        "zeros": bytes(len(content)),
        "no JSON": b"[" * 5000,
    }[how]


@settings(max_examples=40, deadline=None)
@given(
    which=st.integers(0),
    at=st.integers(0),
    how=st.sampled_from(["flip", "cut", "more", "zeros", "no JSON", "removed", "swapped"]),
)
def test_what_is_damaged_is_as_good_as_not_there_and_can_be_given_again(which, at, how):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = shared_by_a_machine(folder)
        files = sorted(p for p in (folder / "shared").rglob("*") if p.is_file())[:-1]
        damaged, other = files[which % len(files)], files[at % len(files)]
        if how == "removed":
            damaged.unlink()
        else:
            content = other.read_bytes() if how == "swapped" else None
            damaged.write_bytes(content or changed(damaged.read_bytes(), at, how))
        units, models = SharedUnits(place), SharedModels(place)
        found = {k: u for _, some in units.units("response", KEYS[:100]) for k, u in some.items()}
        assert found.items() <= responses(KEYS[:100]).items()
        brought = models.take(JOB, folder / "b" / JOB)
        if brought is None:
            assert not (folder / "b").exists() or list((folder / "b").iterdir()) == []
            models.add(finetune(folder / "a" / JOB), folder / "a" / JOB, made_by="again")
            assert SharedModels(place).take(JOB, folder / "b" / JOB)
        assert read(folder / "b" / JOB) == read(folder / "a" / JOB)
        lost = {key: unit for key, unit in responses(KEYS[:100]).items() if key not in found}
        assert units.lacking("response", KEYS[:100]) == lost.keys()
        units.add(lost, made_by="again")
        assert units_at(place, KEYS[:100]) == responses(KEYS[:100])


def put_card(place, finetune_, files, key=JOB):
    card = Card(
        key=key, made_by="x\n\x1b[31m" + "y" * 999, made_at="", files=files,
        finetune=json.dumps(finetune_),
    )  # fmt: skip
    content = as_json(Card, card)
    place.write(f"index/finetune/{JOB}.{named(content)}", content)


PLAIN = {"key": JOB, "outcome": "trained"}
CONTENT = b"evil"
HOSTILE = {
    "out of the folder": (f"{JOB}/a", {"../../evil": (4, named(CONTENT))}),
    "an absolute path": (f"{JOB}/a", {"/tmp/evil": (4, named(CONTENT))}),  # noqa: S108
    "out on another system": (f"{JOB}/a", {"..\\evil": (4, named(CONTENT))}),
    "through a folder": (f"{JOB}/a", {"a/../../evil": (4, named(CONTENT))}),
    "another folder's content": (f"{JOB}/a", {"a": (4, "../../evil")}),
    "larger than any disk": (f"{JOB}/a", {"a": (1 << 60, named(CONTENT))}),
    "smaller than nothing": (f"{JOB}/a", {"a": (-1, named(CONTENT))}),
    "longer than it says": (f"{JOB}/a", {"a": (3, named(CONTENT))}),
    "a file that is a folder": (
        f"{JOB}/a", {"a": (4, named(CONTENT)), "a/b": (4, named(CONTENT))}
    ),
    "weights elsewhere on this machine": (f"{JOB}/../../etc", {"a": (4, named(CONTENT))}),
    "a model of this machine": ("/etc", {}),
    "a model of a folder nearby": ("../other", {}),
    "weights that are not there": (f"{JOB}/a", {}),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_fine_tune_is_as_good_as_not_there(what, tmp_path):
    (tmp_path / "shared").mkdir()
    place = opened_place(str(tmp_path / "shared"))
    location, files = HOSTILE[what]
    model = {"location": location, "digest": "d", "family": "f"}
    place.write(f"content/{named(CONTENT)}", CONTENT)
    put_card(place, {**PLAIN, "models": [[1, model]]}, files)
    assert SharedModels(place).take(JOB, tmp_path / "b" / "models" / JOB) is None
    left = {path.name for path in (tmp_path / "b").rglob("*")}
    assert left <= {"models"} and not list(tmp_path.rglob("evil"))


def test_a_file_under_another_name_and_a_unit_of_another_key_are_not_taken(tmp_path):
    place = opened_place(str(tmp_path))
    model = {"location": f"{JOB}/a", "digest": "d", "family": "f"}
    files = {"a": (4, named(CONTENT))}
    place.write(f"content/{named(CONTENT)}", CONTENT)
    put_card(place, {**PLAIN, "key": "cd" * 32, "models": [[1, model]]}, files)
    put_card(place, {**PLAIN, "models": [[1, model]]}, files, key="cd" * 32)
    assert SharedModels(place).take(JOB, tmp_path / "b") is None
    SharedUnits(place).add({KEYS[0]: Response(key=KEYS[1], outcome="ok")}, made_by="x")
    assert units_at(place) == {}
    put_card(place, {**PLAIN, "models": [[1, model]]}, files)
    found = SharedModels(place).take(JOB, tmp_path / "b")
    assert found.made_by.isprintable() and len(found.made_by) <= 200


def test_a_card_is_only_read_under_its_own_name():
    assert card_in(f"{JOB}.{named(b'{}')}", b"{}") is None
    assert card_in(JOB, b"{}") is None


def test_processes_that_give_the_same_at_once_do_each_other_no_harm(tmp_path):
    (tmp_path / "shared").mkdir()
    for number in range(4):
        weights(tmp_path / str(number) / JOB, text=f"weights of {number}")
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.ledger.test_shared_cache import *\n"
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


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIA1234567890ABCDEF:wordsofsecret@bucket/prefix",
        "sftp://somebody:wordsofsecret@host/folder",
        "https://host/folder?token=wordsofsecret",
        "simplecache::s3://bucket/wordsofsecret",
        "s3://[wordsofsecret/",
    ],
)
def test_an_address_with_a_secret_in_it_is_refused_and_not_repeated(address, monkeypatch):
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", address)
    with pytest.raises(UsageError, match="FTBENCH_SHARED_CACHE") as refused:
        shared_address()
    assert "wordsofsecret" not in str(refused.value)


@pytest.mark.parametrize("address", ["nosuchprotocol://place", "s3://"])
def test_an_address_that_nobody_can_read_is_the_users_mistake(address):
    with pytest.raises(UsageError, match="FTBENCH_SHARED_CACHE"):
        opened_place(address)


def test_a_place_that_is_not_there_is_one_sentence_without_credentials(
    tmp_path, monkeypatch, server
):
    with pytest.raises(StorageError, match="is no folder. Mount or make it"):
        opened_place(str(tmp_path / "not mounted"))
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StorageError, match="cannot be read: .*bucket does not exist") as refused:
        opened_place("s3://nowhere/prefix")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match="cannot be read: .*unset FTBENCH_SHARED_CACHE") as down:
        opened_place(f"s3://{BUCKET}/prefix")
    for error in (refused, down):
        assert server["AWS_SECRET_ACCESS_KEY"] not in str(error.value)


def test_a_place_of_another_version_is_refused(tmp_path):
    opened_place(str(tmp_path))
    (tmp_path / "ftbench-shared-cache").write_text("2")
    with pytest.raises(StorageError, match="another version of ftbench"):
        opened_place(str(tmp_path))


def test_any_address_of_fsspec_will_do():
    place = opened_place("memory://team/prefix")
    SharedUnits(place).add(responses(), made_by="run")
    assert units_at(opened_place("memory://team/prefix")) == responses()


def test_what_comes_from_the_shared_cache_is_on_this_machine_from_then_on(tmp_path):
    place = shared_by_a_machine(tmp_path)
    work = FinishedWork(local=StageCache(tmp_path / "cache"), place=place)
    ((origin, found),) = [*work.units("response", KEYS[:50])]
    assert (origin, found) == ("shared cache (run)", responses(KEYS[:50]))
    assert work.take_finetune(JOB, tmp_path / "b" / JOB).origin == "shared cache (run)"
    shutil.rmtree(tmp_path / "shared")
    alone = FinishedWork(local=StageCache(tmp_path / "cache"), place=None)
    assert [*alone.units("response", KEYS[:50])] == [("cache (run)", responses(KEYS[:50]))]
    assert alone.take_finetune(JOB, tmp_path / "c" / JOB).origin == "cache (run)"
    assert read(tmp_path / "c" / JOB) == read(tmp_path / "a" / JOB)


def test_only_what_lasts_is_ever_given_or_taken(tmp_path):
    place = opened_place(str(tmp_path))
    passing = {KEYS[0]: Response(key=KEYS[0], outcome="error")}
    work = FinishedWork(local=None, place=place)
    work.add(passing, origin="run")
    assert units_at(place) == {}
    SharedUnits(place).add(passing, made_by="somebody else")
    assert [found for _, found in work.units("response", KEYS) if found] == []


def test_a_shared_cache_that_goes_away_is_gone_without_and_given_later(tmp_path):
    place, told = shared_by_a_machine(tmp_path), []
    work = FinishedWork(local=None, place=place, told=told.append)
    payer = FinishedWork(local=None, place=place, pays=True)
    (tmp_path / "shared").rename(tmp_path / "away")
    assert [*work.units("response", KEYS)] == [] and work.take_finetune(JOB, tmp_path / "x") is None
    ledger = Ledger(tmp_path / "run" / "private" / "ledger.sqlite")
    ledger.keep_all(responses(KEYS[100:]), origin="")
    ledger.keep_all(responses(KEYS[:100]), origin="cache (other)")
    work.add(responses(KEYS[100:]), origin="run")
    assert len(told) == 2 and "cannot be read" in told[0] and "shares later" in told[1]
    with pytest.raises(StorageError, match="cannot be read"):
        [*payer.units("response", KEYS)]
    (tmp_path / "away").rename(tmp_path / "shared")
    work.share_rest(ledger, tmp_path / "run" / "private" / "models", run="run")
    assert units_at(place) == responses()
    assert len(told) == 2
