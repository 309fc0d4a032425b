"""Strangers' bytes: rejected in words, in little room and time, and nothing of them runs."""

import json
import random
import resource
import string
import time

import pytest

from ftbench.leaderboard.board import board_of
from ftbench.leaderboard.examining import Examined, examine, examine_all
from ftbench.leaderboard.rules import Rules
from tests.leaderboard.hostile import REJECTED
from tests.submissions import submission


@pytest.fixture(autouse=True)
def sentinel(tmp_path, monkeypatch):
    """No file may appear, and nothing of the environment may be told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBENCH_SENTINEL", "sentinel-of-the-environment")
    yield
    assert not list(tmp_path.rglob("sentinel"))


def told(examined):
    return " ".join(map(str, examined.faults))


def test_there_are_many_hostile_files():
    assert len(REJECTED) >= 60


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_no_submission_is_rejected_in_words(tmp_path, name):
    folder = submission(tmp_path / "hostile")
    REJECTED[name](folder)
    began = time.monotonic()
    found = examine(folder, Rules(), is_thorough=True)
    assert found.faults and time.monotonic() - began < 30
    words = told(found)
    assert all(sign in string.printable and sign not in "\x0b\x0c\r\x1b" for sign in words)
    assert "Traceback" not in words and "sentinel-of-the-environment" not in words
    assert all(fault.wrong and fault.fix and len(str(fault)) < 1000 for fault in found.faults)


def test_a_child_does_all_that_in_little_room(tmp_path):
    """The same through the door that the command uses, with the greediest of all beside it."""
    folders = []
    for number, (name, put) in enumerate(REJECTED.items()):
        folders.append(submission(tmp_path / f"s{number:03}"))
        put(folders[-1])
        assert name
    greedy = submission(tmp_path / "s999")
    keys = ",".join(f'"a{number}":{{}}' for number in range(330_000))
    (greedy / "submission.json").write_text("{" + keys + "}")
    whole = submission(tmp_path / "whole")
    found = list(examine_all([*folders, greedy, whole], Rules()))
    assert [one.folder for one in found] == [path.name for path in (*folders, greedy, whole)]
    assert all(one.faults for one in found[:-1]) and found[-1].faults == ()
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert used <= 512


def test_one_broken_entry_never_breaks_the_board(tmp_path):
    folders = [submission(tmp_path / f"h{n:03}") for n in range(len(REJECTED))]
    for folder, put in zip(folders, REJECTED.values(), strict=True):
        put(folder)
    whole = submission(tmp_path / "whole", "guarded")
    found = [examine(one, Rules(), is_thorough=False) for one in [*folders, whole]]
    board = board_of(found, Rules())
    assert [row.entry.submission for row in board.rows] == ["whole"]
    assert len(board.broken) == len(REJECTED)


def mutated(content, chance):
    """Some bytes changed, dropped, doubled or exchanged."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made))
        end = at + chance.randint(1, 40)
        kind = chance.randrange(5)
        if kind == 0:
            made[at] = chance.randrange(256)
        elif kind == 1:
            del made[at:end]
        elif kind == 2:
            made[at:at] = made[at:end]
        elif kind == 3:
            other = chance.randrange(len(made))
            made[at:end] = made[other : other + chance.randint(1, 40)]
        else:
            made[at:at] = chance.choice([b"NaN", b"1e999", b"[[[[", b"\\u0000", b'"', b"-1", b"{}"])
    return bytes(made)


@pytest.mark.parametrize("count", [400, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_mutated_submission_is_rejected_or_says_what_it_said_before(tmp_path, count):
    """Mutations of whole files: each is told of in words, and none raises."""
    folder = submission(tmp_path / "mutated", seeds=1)
    names = sorted(path.name for path in folder.iterdir())
    content = {name: (folder / name).read_bytes() for name in names}
    figures = examine(folder, Rules(), is_thorough=False).entries[0].figures
    chance = random.Random(20231005)
    survived = 0
    for _ in range(count):
        name = chance.choice(names)
        (folder / name).write_bytes(mutated(content[name], chance))
        found = examine(folder, Rules(), is_thorough=False)
        assert isinstance(found, Examined) and isinstance(told(found), str)
        if not found.faults:
            survived += 1
            assert found.entries[0].figures == figures
        (folder / name).write_bytes(content[name])
    assert survived < count // 10
    assert json.loads(content["submission.json"])
