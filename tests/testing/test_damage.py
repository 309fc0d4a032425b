import pytest

from ftbench.archive.verify import Verification
from ftbench.testing import damage
from ftbench.testing.damage import damage_campaign
from tests.finished_run import finished_run, sql, unfinished_log


@pytest.fixture
def folder(tmp_path):
    return finished_run(tmp_path / "a_run")


def test_no_damage_is_silent(folder):
    report = damage_campaign(folder, rounds=60, seed=5)
    assert report.silent == []
    assert report.named + report.harmless == 60 and report.named > 50
    assert len(report.by_damage) == len(damage.FILE_DAMAGES) + len(damage.ROW_DAMAGES)


def test_no_damage_to_a_log_that_was_not_merged_is_silent(folder, tmp_path):
    report = damage_campaign(unfinished_log(folder, tmp_path / "killed_run"), rounds=20, seed=5)
    assert report.silent == []


def test_the_run_itself_is_left_alone(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    damage_campaign(folder, rounds=5, seed=1)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_blind_verify_is_found_out(folder, monkeypatch):
    def blind(path):
        return Verification(run=str(path), damages=())

    monkeypatch.setattr(damage, "verify", blind)
    report = damage_campaign(folder, rounds=20, seed=5)
    assert len(report.silent) > 15 and report.named == 0


def test_a_run_that_is_damaged_already_is_refused(folder):
    sql(folder, "DELETE FROM attempts")
    with pytest.raises(ValueError, match="damaged already"):
        damage_campaign(folder, rounds=1, seed=1)
