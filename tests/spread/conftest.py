"""Commands typed in processes of their own, where a town of the testing world is installed."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftbench.cli.as_json import as_json
from ftbench.config.compose import compose
from ftbench.pipeline import run
from ftbench.stages.watch import Silent
from ftbench.testing.benchmark import testing_catalog
from tests.plugin.outside import install

from .one_node import NoSlurm, one_node
from .slow_town import DONE

BASE = ("-m", "model=testing", "attack=testing_reveal", "backend=waiter")
PATIENCE_SECONDS = 180.0


def until(come_true, what, process=None):
    """Wait for something that has to come; not for long once a process has ended without it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not come_true():
        ended = process is not None and process.is_over()
        assert time.monotonic() < end and not ended, f"{what}: {process.said if process else ''}"
        time.sleep(0.05)


def figures(results):
    """What was measured, by seed."""
    return {seed: (one["rows"], one["difference"]) for seed, one in results.items()}


def figures_without_launcher(*seeds):
    """The same, of the sweep that this process does."""
    catalog = testing_catalog()
    words = ("-m", "model=testing", "attack=testing_reveal", f"seed={','.join(map(str, seeds))}")
    results = run(compose(words, catalog), catalog=catalog, watch=Silent())
    told = [json.loads(as_json(one)) for one in results]
    return figures({one["record"]["seed"]: one for one in told})


class Typed:
    """A command under way."""

    def __init__(self, place, words, variables):
        self._told = place / f"told-{time.monotonic_ns()}.txt"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ftbench", *words],
            cwd=place,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=self._told.open("wb"),
            start_new_session=True,
        )

    @property
    def said(self):
        """What it has said on stderr."""
        return self._told.read_text()

    def is_over(self):
        """Whether it has ended."""
        return self._process.poll() is not None

    def send(self, signal):
        """Signal the command itself, and none of its jobs."""
        self._process.send_signal(signal)

    def end(self):
        """Its exit code, and the results that it printed, by seed."""
        out, _ = self._process.communicate(timeout=PATIENCE_SECONDS)
        found = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
        return self._process.returncode, {
            one["record"]["seed"]: one for one in found if one["rows"] and not one["seeds"]
        }

    def kill(self):
        """Leave nothing behind."""
        self._process.kill()
        self._process.communicate()


@dataclass
class Desk:
    """Where commands are typed."""

    place: Path
    variables: dict
    begun: list

    def type(self, *words):
        """Begin the sweep with some more words."""
        self.begun.append(Typed(self.place, [*BASE, "--json", *words], self.variables))
        return self.begun[-1]

    def done(self):
        """What the town has done, line by line."""
        file = self.place / DONE
        return file.read_text().splitlines() if file.exists() else []

    def jobs(self):
        """What `ftbench status` knows of jobs."""
        lines = self.asked(sys.executable, "-m", "ftbench", "status", "--json").splitlines()
        return [told for told in map(json.loads, lines) if "job" in told]

    def asked(self, *words):
        """What another program says."""
        return subprocess.run(
            words,
            cwd=self.place,
            env=os.environ | self.variables,
            capture_output=True,
            check=True,
            text=True,
        ).stdout


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    """A folder of installed packages."""
    folder = tmp_path_factory.mktemp("installed")
    install(folder, "slow-town", Path(__file__).with_name("slow_town.py").read_text())
    return folder


@pytest.fixture
def desk(town, tmp_path):
    """A place to type commands in, without Slurm."""
    made = Desk(tmp_path, {"PYTHONPATH": str(town)}, [])
    yield made
    for one in made.begun:
        one.kill()


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """The variables that lead to a Slurm of one node."""
    try:
        with one_node(tmp_path_factory.mktemp("slurm")) as variables:
            yield variables
    except NoSlurm as reason:
        pytest.skip(str(reason))
