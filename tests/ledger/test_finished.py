import shutil

import pytest

from ftbench.errors import StorageError
from ftbench.ledger.cache import StageCache
from ftbench.ledger.finished import FinishedWork
from ftbench.ledger.shared.place import opened_place
from ftbench.ledger.shared.units import SharedUnits
from ftbench.ledger.store import Ledger
from ftbench.records import Response
from tests.shared_world import (
    JOB,
    KEYS,
    read,
    responses,
    shared_by_a_machine,
    units_at,
)


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
