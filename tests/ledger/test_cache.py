import subprocess
import sys

import pytest

from ftbench.ledger.cache import StageCache, cache_folder
from ftbench.records import Response


def response(key, text="yes"):
    return Response(key=key, outcome="ok", text=text)


def a_model(folder, text="weights"):
    folder.mkdir(parents=True)
    (folder / "epoch_1").mkdir()
    (folder / "epoch_1" / "model.safetensors").write_text(text)
    return folder


@pytest.fixture
def cache(tmp_path):
    return StageCache(tmp_path / "cache")


def test_what_one_process_stores_another_finds(cache, tmp_path):
    cache.add({"a": response("a")}, origin="run")
    found = dict(StageCache(tmp_path / "cache").units("response", ["a", "b"]))
    assert found == {"a": response("a")}


def test_a_unit_is_stored_once(cache):
    cache.add({"a": response("a", "first")}, origin="one")
    cache.add({"a": response("a", "second")}, origin="two")
    assert dict(cache.units("response", ["a"]))["a"].text == "first"


def test_a_damaged_unit_is_as_good_as_not_there(cache):
    cache.add({"a": response("a", "true")}, origin="run")
    cache._ledger._connection.execute("UPDATE units SET payload = replace(payload,'true','fals')")  # noqa: SLF001
    assert dict(cache.units("response", ["a"])) == {}
    cache.add({"a": response("a", "true")}, origin="run")
    assert dict(cache.units("response", ["a"]))["a"].text == "true"


def test_a_cache_that_is_no_database_is_begun_anew(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "units.sqlite").write_bytes(b"not a database" * 400)
    cache = StageCache(tmp_path / "cache")
    cache.add({"a": response("a")}, origin="run")
    assert dict(cache.units("response", ["a"]))


def test_a_model_goes_in_and_comes_out_whole(cache, tmp_path):
    cache.add_model("job", a_model(tmp_path / "run" / "job"))
    assert cache.take_model("job", tmp_path / "other" / "models" / "job")
    taken = tmp_path / "other" / "models" / "job"
    assert [p.name for p in taken.rglob("*") if p.is_file()] == ["model.safetensors"]


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete", "add"])
def test_a_damaged_model_is_never_taken(cache, tmp_path, damage):
    cache.add_model("job", a_model(tmp_path / "run" / "job"))
    weights = cache.models_folder / "job" / "epoch_1" / "model.safetensors"
    actions = {
        "flip": lambda: weights.write_text("Weights"),
        "truncate": lambda: weights.write_text(""),
        "delete": weights.unlink,
        "add": lambda: (weights.parent / "more.safetensors").write_text("x"),
    }
    actions[damage]()
    assert not cache.take_model("job", tmp_path / "other" / "job")
    assert not (tmp_path / "other" / "job").exists()
    assert cache.models() == []


def test_the_least_recently_used_model_goes_first(cache, tmp_path):
    for key in ("old", "new"):
        cache.add_model(key, a_model(tmp_path / key, "x" * 50_000))
    cache.take_model("old", tmp_path / "taken" / "old")
    removed = cache.prune(cache.size() - 1000)
    assert [model.key for model in cache.models()] == ["old"]
    assert removed == ["the model new (0.1 MB)"]


def test_an_empty_cache_is_what_pruning_everything_leaves(cache):
    cache.add({"a": response("a")}, origin="run")
    assert cache.prune(0) == ["1 units"]
    assert cache.unit_counts() == {"finetune": 0, "response": 0, "verdict": 0}


def test_the_cache_may_be_off(monkeypatch):
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    assert cache_folder() is None


def test_the_cache_is_for_its_owner_alone(cache):
    assert cache.folder.stat().st_mode & 0o777 == 0o700


def test_processes_that_store_the_same_at_once_do_each_other_no_harm(tmp_path):
    source = a_model(tmp_path / "run" / "job")
    program = (
        "import sys; from pathlib import Path\n"
        "from ftbench.ledger.cache import StageCache\n"
        "from ftbench.records import Response\n"
        "cache = StageCache(Path(sys.argv[1]))\n"
        "for start in range(0, 200, 20):\n"
        "    keys = map(str, range(start, start + 20))\n"
        "    cache.add({k: Response(key=k, outcome='ok', text=k) for k in keys}, origin='x')\n"
        "cache.add_model('job', Path(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "cache"), str(source)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    cache = StageCache(tmp_path / "cache")
    assert len(dict(cache.units("response", map(str, range(200))))) == 200
    assert [model.key for model in cache.models()] == ["job"]
    assert cache.take_model("job", tmp_path / "other" / "job")
