import pytest

from ftbench.errors import BudgetError, PluginError
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.ledger.store import Ledger
from ftbench.records import Response, Verdict


def desk(tmp_path, *ledgers, kind="response", judge=""):
    slots = {
        key: Slot(key=f"unit-{key}", ledgers=ledgers or (Ledger(tmp_path / "ledger"),))
        for key in ("a", "b")
    }
    return LedgerDesk(
        folder=tmp_path, worker="backend 'x'", kind=kind, slots=slots, told=print, judge=judge
    )


def test_what_is_kept_goes_to_every_ledger_that_asked(tmp_path):
    one, other = Ledger(tmp_path / "one"), Ledger(tmp_path / "other")
    working = desk(tmp_path, one, other)
    working.keep(Response(key="a", outcome="ok", text="yes"))
    assert one.get("response", "unit-a") == other.get("response", "unit-a")
    assert working.awaited() == ["b"]


def test_a_record_nobody_asked_for_is_refused(tmp_path):
    with pytest.raises(PluginError, match="nobody asked for"):
        desk(tmp_path).keep(Response(key="c", outcome="ok"))


def test_a_record_of_another_kind_is_refused(tmp_path):
    with pytest.raises(PluginError, match="kept a verdict that nobody asked for"):
        desk(tmp_path).keep(Verdict(key="a", outcome="scored"))


def test_one_request_cannot_be_answered_twice(tmp_path):
    working = desk(tmp_path)
    working.keep(Response(key="a", outcome="ok"))
    with pytest.raises(PluginError, match="twice"):
        working.keep(Response(key="a", outcome="ok"))


def test_a_verdict_is_filed_under_its_judge(tmp_path):
    ledger = Ledger(tmp_path / "one")
    desk(tmp_path, ledger, kind="verdict", judge="oracle").keep(Verdict(key="a", outcome="empty"))
    assert ledger.get("verdict", "unit-a").judge == "oracle"


def test_money_is_refused_where_there_is_no_budget(tmp_path):
    with pytest.raises(BudgetError, match="no budget"):
        desk(tmp_path).reserve(0.01)


def test_a_note_is_shown_once_and_kept_with_every_run(tmp_path):
    one, other = Ledger(tmp_path / "one"), Ledger(tmp_path / "other")
    told = []
    for _ in range(2):
        working = desk(tmp_path, one, other)
        working.noted = told.append
        working.note("Answered by hand.", engine="hand")
        working.note("Answered by hand.", engine="hand")
    working.note("Answered by foot.")
    assert told == ["Answered by hand.", "Answered by foot."]
    known = [{"note": "Answered by hand.", "engine": "hand"}, {"note": "Answered by foot."}]
    assert one.fact("notes") == other.fact("notes") == known
