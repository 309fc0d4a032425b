import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from io import StringIO

import pytest
from rich.console import Console

from ftbench.archive.following import Followed, step_of
from ftbench.archive.opening import LOCK
from ftbench.cli.main import main
from ftbench.cli.watching import watching
from ftbench.ledger.lock import RunLock
from tests.finished_run import finished_run, sql

HALF = "DELETE FROM units WHERE kind = 'response' AND rowid % 2"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished_run(tmp_path / "runs" / "one")
    return tmp_path / "runs"


@pytest.fixture
def going(runs):
    """A run that is half way through its responses, as long as the lock is held."""
    folder = shutil.copytree(runs / "one", runs / "two")
    sql(folder, HALF)
    lock = RunLock(folder / LOCK)
    yield folder
    lock.release()


def later(seconds, *deeds):
    def do():
        time.sleep(seconds)
        for deed in deeds:
            deed()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


def test_a_finished_run_is_said_so_at_once(runs, capsys):
    assert main(["watch", "runs/one"]) == 0
    assert capsys.readouterr().out == "one: finished\n"


def test_it_follows_until_the_run_ends(runs, going, capsys):
    whole = runs / "one" / "private" / "ledger.sqlite"
    lock = RunLock(runs / "one" / LOCK)  # a sweep of two
    ends = (
        lambda: shutil.copy(whole, going / "private" / "ledger.sqlite"),
        lock.release,
        lambda: (going / LOCK).rename(going / "gone"),
    )
    thread = later(0.4, *ends)
    assert main(["watch", "--every", "0.05"]) == 0
    thread.join()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["one: score", "two: responses 12/24"]
    assert lines[-2:] == ["one: finished", "two: finished"]


def test_a_run_that_ends_too_early_is_an_error(runs, going, capsys):
    thread = later(0.3, lambda: (going / LOCK).rename(going / "gone"))
    (going / "public" / "result.json").unlink()
    assert main(["watch", "runs", "--every", "0.05"]) == 5
    thread.join()
    said = capsys.readouterr()
    assert "1 of 1 runs ended before they were finished: two" in said.err
    assert said.out.endswith("two: stopped\n")


def test_an_old_unfinished_run_beside_others_is_no_error(runs):
    folder = shutil.copytree(runs / "one", runs / "old")
    (folder / "public" / "result.json").unlink()
    assert main(["watch", "runs"]) == 0
    assert main(["watch", "runs/old"]) == 5


def test_only_what_has_changed_is_read_again(runs, going, monkeypatch):
    followed = Followed([runs])
    before = followed.look()
    assert [step_of(one).name for one in before] == ["finished", "responses"]
    sql(going, "DELETE FROM units WHERE kind = 'response'")
    after = followed.look()
    assert after[0] is before[0] and step_of(after[1]).done == 0
    shutil.rmtree(runs / "one")
    assert [one.run for one in followed.look()] == [str(going)]


def drawn(runs, **options):
    console = Console(file=StringIO(), force_terminal=True, highlight=False, **options)
    with watching(console) as shown:
        shown.show([(one, step_of(one)) for one in Followed([runs]).look()])
    return console.file.getvalue()


def test_a_narrow_terminal_gets_no_bar_and_no_broken_line(runs, going):
    wide, narrow = (drawn(runs, width=width, height=20) for width in (100, 38))
    assert "━" in wide and "━" not in narrow
    plain = drawn(runs, width=38, height=20, no_color=True, color_system=None)
    assert "two" in plain and "responses 12/24" in plain and "1 finished, 1 running" in plain


def test_more_runs_than_lines_are_counted(runs, going):
    locks = [RunLock(shutil.copytree(going, runs / f"more_{number}") / LOCK) for number in range(4)]
    shown = drawn(runs, width=60, height=4)
    assert "3 more go on than there is room for" in shown
    for lock in locks:
        lock.release()


def test_interrupting_leaves_the_terminal_as_it_was(runs, going):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm"}
    # A shell in the background has it ignored, and so would whoever is started here.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    done = subprocess.Popen(
        [sys.executable, "-m", "ftbench", "watch", "--every", "0.05"],
        stdout=theirs, stderr=theirs, env=environment,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    os.close(theirs)
    said = b""
    while b"12/24" not in said:
        said += os.read(ours, 10_000)
    done.send_signal(signal.SIGINT)
    assert done.wait(timeout=20) == 130
    said += os.read(ours, 10_000)
    assert b"Traceback" not in said and b"\x1b[?25h" in said  # the cursor is back
    assert b"\x1b[3" not in said  # no colour


def test_an_interval_is_a_time(runs, capsys):
    assert main(["watch", "--every", "0"]) == 2
    assert "Give seconds" in capsys.readouterr().err
