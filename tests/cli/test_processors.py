"""Runs share a machine: threads sleep while they wait, and are as many as may run."""

import os
import subprocess
import sys

import pytest

from ftbench.cli.processors import processors, share_processors

LOADS_TORCH = """
import sys
from ftbench.cli.main import entry
sys.argv = ["ftbench", "--version"]
try:
    entry()
except SystemExit:
    import torch
print(torch.get_num_threads())
"""
"""What the console script does, and what a run does then."""


def run_with(**environment):
    """A process in which torch's OpenMP tells what it was told."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    return subprocess.run(
        [sys.executable, "-c", LOADS_TORCH],
        env=others | {"OMP_DISPLAY_ENV": "VERBOSE"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="torch has GNU OpenMP on Linux alone")
def test_an_environment_that_spins_is_overruled_before_torch_is_loaded():
    ran = run_with(OMP_WAIT_POLICY="ACTIVE", GOMP_SPINCOUNT="30000000000")
    told = dict(line.split(" = ") for line in ran.stderr.splitlines() if " = " in line)
    by_name = {name.split("] ")[-1].strip(): value.strip("'") for name, value in told.items()}
    assert by_name["OMP_WAIT_POLICY"] == "PASSIVE"
    assert int(by_name["GOMP_SPINCOUNT"]) == 0
    assert int(ran.stdout.splitlines()[-1]) == processors()


def test_the_number_of_threads_is_the_users():
    assert run_with(OMP_NUM_THREADS="1").stdout.splitlines()[-1] == "1"
    environment = {"OMP_NUM_THREADS": "7"}
    share_processors(environment)
    assert environment["OMP_NUM_THREADS"] == "7"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_no_more_than_the_processors_one_may_run_on():
    words = [sys.executable, "-c", "from ftbench.cli.processors import *; print(processors())"]
    one = min(os.sched_getaffinity(0))
    told = subprocess.run(
        words, preexec_fn=lambda: os.sched_setaffinity(0, {one}), capture_output=True, check=True
    )
    assert int(told.stdout) == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 3),
        ({"cpu.max": "max 100000"}, 3),
        ({"cpu.max": "150000 100000"}, 2),
        ({"job/cpu.max": "50000 100000"}, 1),
        ({"job/cpu.max": "max 100000", "cpu.max": "200000 100000"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu.max": "nonsense"}, 3),
    ],
)
def test_no_more_than_a_container_gives_time_for(tmp_path, monkeypatch, files, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(f"{text}\n")
    own = tmp_path / "own"
    own.write_text("12:devices:/other\n0::/job\n")
    assert processors(tmp_path, own) == expected
