"""A job on a machine that does not see the sweep: what it may do there, and how it comes back."""

from contextlib import closing

import pytest

from ftbench.cli.group import group
from ftbench.config.compose import compose
from ftbench.errors import StorageError
from ftbench.ledger.store import Ledger
from ftbench.spread.away import take_told, told_by
from ftbench.spread.bringing_back import brought_back, finished_away
from ftbench.spread.job import Job
from ftbench.spread.sweep_folder import Group, SweepFolder
from ftbench.stages.watch import Silent
from ftbench.testing.benchmark import testing_catalog

CATALOG = testing_catalog()
CELL = ("model=testing", "attack=testing_reveal", "suite.limit=1")


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """A sweep of two groups, the second of which can be billed, and a shared cache."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", str(tmp_path / "shared"))
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    groups = [Group(cells=((*CELL, f"runs={tmp_path}/here/runs"),), numbers=(n,)) for n in (0, 1)]
    folder = SweepFolder(path=tmp_path / "here/runs/.sweeps/one")
    folder.begin(groups, launcher="far", is_agreed=True, billed=[1])
    return folder


def returning(folder):
    return Job(folder=str(folder.path), place="here", token=folder.token).returning()


def test_what_was_finished_away_is_run_here_and_taken_from_the_shared_cache(sweep, monkeypatch):
    with returning(sweep).away.folder(0) as there:
        monkeypatch.chdir(there.place)
        with there.log(0).open("w") as log:
            log.write("what it said\n")
        group([str(there.path), "0", "--token", sweep.token], CATALOG)
        told = told_by(there, 0)
    assert not there.place.exists() and finished_away(sweep) == []
    monkeypatch.chdir(sweep.place)
    assert not list(sweep.place.glob("runs/testing-*"))
    take_told(sweep, 0, told)
    assert sweep.log(0).read_text() == "what it said\n" and sweep.has_ended(0)
    cells = compose(CELL, CATALOG)
    back = brought_back(
        cells, finished_away(sweep), catalog=CATALOG, watch=Silent(), stopping=lambda: False
    )
    assert back[0].outcome == "trained"
    with closing(Ledger(sweep.place / back[0].folder / "private/ledger.sqlite")) as ledger:
        origins = [origin for *_, origin, _ in ledger.rows("units")]
    assert len(origins) == 8 and all(origin.startswith("shared cache") for origin in origins)


def test_what_can_be_billed_is_not_done_where_it_could_be_forgotten(sweep):
    with (
        pytest.raises(StorageError, match="does nothing that can be billed"),
        returning(sweep).away.folder(1),
    ):
        raise AssertionError("it was begun")


def test_without_a_shared_cache_nothing_would_come_back(sweep, monkeypatch):
    monkeypatch.delenv("FTBENCH_SHARED_CACHE")
    job = returning(sweep)
    assert job.away is None
    sweep.place.joinpath("runs").rename(sweep.place / "elsewhere")
    with pytest.raises(StorageError, match="does not see"):
        job.do(0)
