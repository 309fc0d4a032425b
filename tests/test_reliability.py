"""A small cut of ``make reliability``, and that its oracle notices what it is there to notice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ftbench.ledger.store import Ledger
from tests.finished_run import LEDGER, finished_run, sql
from tests.reliability import oracle
from tests.reliability.report import Row

ROOT = Path(__file__).parents[1]


def test_a_small_cut_of_the_campaign_finds_nothing(tmp_path):
    command = [sys.executable, "-m", "tests.reliability", "--quick", "--rows", "1,2,4"]
    out = tmp_path / "reliability.json"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [*command, "--out", str(out)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    assert found["is_kept"] and len(found["rows"]) == 3
    for row in found["rows"]:
        assert row["fired"] > 0 or row["skipped"], row


@pytest.fixture
def reference(tmp_path):
    return oracle.contents_of(finished_run(tmp_path / "whole" / "runs" / "one"))


@pytest.mark.parametrize(
    ("damage", "noticed"),
    [
        ("DELETE FROM units WHERE kind = 'response' AND rowid % 7 = 0", "lost"),
        ("UPDATE units SET payload = replace(payload, 'ok', 'no')", "changed"),
        ("DELETE FROM facts WHERE name = 'utility'", "utility"),
    ],
)
def test_the_oracle_notices_what_is_lost_or_changed(damage, noticed, reference, tmp_path):
    place = tmp_path / "other"
    run = finished_run(place / "runs" / "one")
    assert oracle.differences(place, reference) == []
    sql(run, damage)
    assert any(noticed in each for each in oracle.differences(place, reference))


def test_the_oracle_notices_a_unit_that_is_gone_after_a_kill(reference, tmp_path):
    run = finished_run(tmp_path / "other" / "runs" / "one")
    before = oracle.units_of(run)
    ledger = Ledger(run / LEDGER)
    ledger.forget(*next(iter(before)))
    ledger.close()
    assert len(oracle.lost(before, oracle.units_of(run))) == 1


def test_a_row_that_tried_nothing_has_not_kept_its_promise():
    assert not Row(number=1, promise="").is_kept
    assert Row(number=1, promise="", skipped="no strace").is_kept
    assert not Row(number=1, promise="", fired=9, failures=["one"]).is_kept
