import pytest

from ftbench.cli.main import main
from ftbench.ledger.cache import StageCache
from ftbench.ledger.shared.place import opened_place
from ftbench.ledger.shared.units import SharedUnits
from ftbench.records import Response


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FTBENCH_CACHE", str(tmp_path / "c"))
    cache = StageCache(tmp_path / "c")
    cache.add({"a": Response(key="a", outcome="ok", text="secret words")}, origin="run")
    cache.close()
    return tmp_path / "c"


def test_the_cache_says_what_it_holds_and_no_response(folder, capsys):
    assert main(["cache", "list"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "1 responses" in shown and "secret" not in shown


def test_pruning_makes_room(folder, capsys):
    assert main(["cache", "prune"]) == 0
    assert "removed 1 units" in capsys.readouterr().out


def test_pruning_clears_half_written_models_away(folder, capsys):
    (folder / "models" / ".job.1.draft").mkdir()
    assert main(["cache", "prune", "--to-gb", "1"]) == 0
    assert "removed 1 half-written models" in capsys.readouterr().out
    assert list((folder / "models").iterdir()) == []


def test_a_cache_that_is_off_is_said_so(monkeypatch, capsys):
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    assert main(["cache", "list"]) == 2
    assert "The cache is off" in capsys.readouterr().err


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A folder in which another machine has put a response."""
    (tmp_path / "team").mkdir()
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", str(tmp_path / "team"))
    units = SharedUnits(opened_place(str(tmp_path / "team")))
    units.add({"b": Response(key="b", outcome="ok", text="secret words")}, made_by="run on host")
    return tmp_path / "team"


def test_what_is_shared_is_listed_beside_and_pruned_only_when_asked(folder, shared, capsys):
    assert main(["cache", "list"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"shared, {shared}: 0.0 MB, 0 finetunes, 1 responses, 0 verdicts" in shown
    assert "secret" not in shown
    assert main(["cache", "prune"]) == 0
    assert list((shared / "content").iterdir())
    assert main(["cache", "prune", "--shared"]) == 0
    assert capsys.readouterr().out.endswith("removed 1 responses\n")
    assert not list((shared / "content").iterdir())


def test_without_a_cache_of_ones_own_the_shared_one_is_listed(shared, monkeypatch, capsys):
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    assert main(["cache", "list"]) == 0
    assert capsys.readouterr().out.startswith("shared, ")


def test_what_cannot_be_pruned_is_said_so(folder, tmp_path, monkeypatch, capsys):
    assert main(["cache", "prune", "--shared"]) == 2
    assert "FTBENCH_SHARED_CACHE is not set" in capsys.readouterr().err
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", str(tmp_path / "not mounted"))
    assert main(["cache", "prune", "--shared"]) == 74
    assert "is no folder" in capsys.readouterr().err
