import shutil
from pathlib import Path

import pytest

from ftbench.archive.opening import LOCK
from ftbench.archive.status import status
from ftbench.errors import UsageError
from ftbench.ledger.lock import RunLock
from ftbench.testing import Parrot, Words
from tests.finished_run import LEDGER, run_here, sql


def counts(parts):
    return {part.name: (part.done, part.total) for part in parts}


def test_a_finished_run_has_everything(folder):
    found = status(folder)
    assert (found.state, found.training, found.writer) == ("finished", "trained", None)
    assert counts(found.responses) == {"base/plain": (12, 12), "tuned_1/plain": (12, 12)}
    assert counts(found.verdicts) == {"testing_words": (18, 18)}
    assert found.attempts == {"finetune begun": 1}


def test_what_is_missing_is_counted(folder):
    (folder / "public" / "result.json").unlink()
    sql(
        folder,
        "DELETE FROM units WHERE rowid IN (SELECT max(rowid) FROM units WHERE kind = 'response')",
        "DELETE FROM units WHERE rowid IN (SELECT max(rowid) FROM units WHERE kind = 'verdict')",
    )
    found = status(folder)
    assert found.state == "stopped"
    assert sum(part.done for part in found.responses) == 24 - 1
    assert counts(found.verdicts)["testing_words"][0] == 17


def looks(monkeypatch, who, what):
    """Whenever a method is called, see how the run stands, and how a kill would leave it."""
    seen, own = [], getattr(who, what)

    def looking(self, *given):
        (folder,) = Path("runs").iterdir()
        killed = Path(shutil.copytree(folder, f"killed_{what}"))
        seen.append((status(folder), status(killed)))
        own(self, *given)

    monkeypatch.setattr(who, what, looking)
    return seen


def test_a_run_can_be_looked_at_while_it_goes_on_and_after_it_was_killed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    methods = ((Parrot, "fine_tune"), (Parrot, "respond"), (Words, "judge"))
    seen = [looks(monkeypatch, *method) for method in methods]
    run_here()
    ((training,), (asking,), (judging,)) = seen
    assert all(live.state == "running" and live.writer["pid"] for ((live, _),) in seen)
    assert all(dead.state == "stopped" and dead.writer is None for ((_, dead),) in seen)
    for found in training:
        assert found.training == "not finished (1 tries)" and found.responses == ()
    for found in asking:
        assert found.training == "trained"
        assert counts(found.responses) == {"base/plain": (0, 12), "tuned_1/plain": (0, 12)}
        assert found.verdicts == ()
    for found in judging:
        assert counts(found.responses)["tuned_1/plain"] == (12, 12)
        assert counts(found.verdicts) == {"testing_words": (0, 18)}


def test_a_run_that_was_killed_before_anything_happened_is_empty(tmp_path):
    for part in ("public", "private"):
        (tmp_path / part).mkdir()
    assert status(tmp_path).state == "empty"
    (tmp_path / LEDGER).write_bytes(b"")
    assert status(tmp_path).state == "empty"
    (tmp_path / LEDGER).unlink()
    sql(tmp_path, "PRAGMA journal_mode=WAL")
    assert (tmp_path / LEDGER).stat().st_size > 0
    found = status(tmp_path)
    assert (found.state, found.training, found.responses) == ("empty", "not begun", ())


def test_who_writes_is_named(folder):
    lock = RunLock(folder / LOCK)
    found = status(folder)
    lock.release()
    assert found.state == "running" and found.writer["since"]


def test_a_damaged_ledger_is_said_so_without_quoting_it(folder):
    sql(folder, "UPDATE units SET payload = cast(x'ff' || cast(payload AS BLOB) AS TEXT)")
    found = status(folder)
    assert found.state == "damaged" and "cannot help" not in found.problem
    (folder / LEDGER).write_bytes(b"no database" * 1000)
    assert status(folder).state == "damaged"


def test_a_folder_that_is_no_run_is_told_so(tmp_path):
    with pytest.raises(UsageError, match="not the folder of a run"):
        status(tmp_path)
