import os
import subprocess
import sys
import time

import pytest

from ftbench.errors import Busy
from ftbench.ledger.lock import RunLock, holder

HOLD = (
    "import sys, time, os; from pathlib import Path\n"
    "from ftbench.ledger.lock import RunLock\n"
    "lock = RunLock(Path(sys.argv[1]))\n"
    "{then}"
    "print('held', flush=True); time.sleep(30)\n"
)


def started(path, then=""):
    command = [sys.executable, "-c", HOLD.format(then=then), str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def test_the_second_is_told_who_the_first_is(tmp_path):
    lock = RunLock(tmp_path / "run.lock")
    with pytest.raises(Busy, match=f"process {os.getpid()} on .* since 20"):
        RunLock(tmp_path / "run.lock")
    assert holder(tmp_path / "run.lock")["pid"] == os.getpid()
    lock.release()
    assert holder(tmp_path / "run.lock") is None
    RunLock(tmp_path / "run.lock").release()


def test_a_lock_never_outlives_its_process(tmp_path):
    process = started(tmp_path / "run.lock")
    with pytest.raises(Busy):
        RunLock(tmp_path / "run.lock")
    process.kill()
    process.wait()
    RunLock(tmp_path / "run.lock").release()


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    process = started(tmp_path / "run.lock", then="os.fork() or time.sleep(30)\n")
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while holder(tmp_path / "run.lock") and time.monotonic() < deadline:
        time.sleep(0.01)
    RunLock(tmp_path / "run.lock").release()


def test_of_eight_that_start_together_exactly_one_wins(tmp_path):
    program = (
        "import sys, time; from pathlib import Path\n"
        "from ftbench.errors import Busy; from ftbench.ledger.lock import RunLock\n"
        "sys.stdin.readline()\n"
        "try: RunLock(Path(sys.argv[1]))\n"
        "except Busy: print('busy', flush=True)\n"
        "else: print('won', flush=True); sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "run.lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(8)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.stdout.readline().strip() for process in processes]
    for process in processes:
        process.communicate("\n")
    assert sorted(said) == ["busy"] * 7 + ["won"]
