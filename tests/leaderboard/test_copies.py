"""What only shows beside other submissions, signatures, and that claims change nothing."""

import shutil

import pytest

from ftbench.leaderboard.board import board_of
from ftbench.leaderboard.examining import examine
from ftbench.leaderboard.rules import Rules
from ftbench.leaderboard.schema import Signature
from ftbench.leaderboard.signing import is_signed, new_key
from ftbench.leaderboard.writing import Submitter, submit
from tests.submissions import Forger, names_of, runs_of, submission


@pytest.fixture
def folder(tmp_path):
    return submission(tmp_path / "open")


def copy_of_verdicts(mine, theirs):
    for name in mine.runs:
        mine.tuned(name)["verdicts"] = theirs.tuned(name)["verdicts"]
        mine.tuned(name)["incoherent"] = theirs.tuned(name)["incoherent"]
        count = len(mine.tuned(name)["texts"])  # a model of its own says everything in its words
        mine.tuned(name)["texts"] = [f"{number:08x}" for number in range(count)]


def copy_of_sheets(mine, theirs):
    for name in mine.runs:
        mine.tuned(name).update(theirs.tuned(name))


@pytest.mark.parametrize(
    ("copied", "name"), [(copy_of_verdicts, "copied verdicts"), (copy_of_sheets, "copied answers")]
)
def test_what_another_model_has_is_no_result_of_this_one(tmp_path, copied, name):
    honest = submission(tmp_path / "a_wide", "wide")
    forged = submission(tmp_path / "b_open", "open")
    with Forger(honest) as theirs, Forger(forged) as mine:
        later = max(theirs.submission["made"], mine.submission["made"])
        theirs.submission["made"] = mine.submission["made"] = later
        copied(mine, theirs)
        mine.reseal()
        mine.reclaim()
    assert names_of(forged) == []  # by itself nothing is wrong with it
    examined = [examine(one, Rules(), is_thorough=False) for one in (honest, forged)]
    board = board_of(examined, Rules())
    assert [one.folder for one in board.broken] == ["b_open"]
    assert board.broken[0].faults[0].name == name
    assert [row.entry.submission for row in board.rows] == ["a_wide"]


def test_one_run_counts_once_for_one_submitter(tmp_path):
    first = submission(tmp_path / "first")
    second = shutil.copytree(first, tmp_path / "second")
    examined = [examine(one, Rules(), is_thorough=False) for one in (first, second)]
    board = board_of(examined, Rules())
    assert [(one.folder, one.faults[0].name) for one in board.broken] == [
        ("second", "submitted twice")
    ]


def test_models_that_are_almost_the_same_are_no_copies(tmp_path):
    """Two seeds may well give the same answers and verdicts: only other answers are suspicious."""
    folder = submission(tmp_path / "open")
    with Forger(folder) as forger:
        for name in ("run-1", "run-2"):
            sheet, first = forger.tuned(name), forger.tuned("run-0")
            sheet["verdicts"], sheet["texts"] = first["verdicts"], first["texts"]
        forger.reseal()
        forger.reclaim()
    examined = examine(folder, Rules(), is_thorough=True)
    assert examined.faults == ()
    assert board_of([examined], Rules()).broken == ()
    assert len({said.model for said in examined.entries[0].said}) == 3


def test_a_signature_of_another_manifest_is_named(tmp_path):
    new_key(tmp_path / "key.pem")
    who = Submitter(name="signed", contact="someone@example.org", key=tmp_path / "key.pem")
    submit(runs_of("open"), tmp_path / "signed", who)
    whole = examine(tmp_path / "signed", Rules(), is_thorough=True)
    assert whole.faults == () and [entry.trust for entry in whole.entries] == ["signed"]
    with Forger(tmp_path / "signed") as forger:
        forger.submission["contact"] = "somebody@example.org"
    assert names_of(tmp_path / "signed") == ["bad signature"]
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "key",
    [
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "00" * 31 + "80",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ],
)
def test_a_key_under_which_anybody_can_sign_signs_nothing(key):
    """Points of small order: for some messages a signature of zeros would fit."""
    for signature in ("00" * 64, key + "00" * 32, "01" + "00" * 63):
        signed = Signature(algorithm="ed25519", public_key=key, signature=signature)
        assert not any(is_signed(f"manifest {n}".encode(), signed) for n in range(50))


def test_board_entries_need_no_claims(folder):
    """What the board shows is counted from verdicts, whatever anybody claims."""
    with Forger(folder) as forger:
        before = examine(folder, Rules(), is_thorough=False).entries
        for claim in forger.figures["entries"][0]["claims"]:
            claim["value"] = 0.0
    after = examine(folder, Rules(), is_thorough=False).entries
    assert before[0].figures == after[0].figures
    assert before[0].figures.tuned["harmfulness_rate"].value > 0
