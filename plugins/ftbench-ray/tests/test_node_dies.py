"""What is lost of a sweep when a node dies, a job does, or somebody stops it: nothing."""

import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from installed_town import COMMAND_SECONDS, Town, awaited, holder, results, rows
from ray_nodes import kill_whole, nodes

from tests.hosted.lesser_server import LesserServer

pytestmark = pytest.mark.slow
CELLS, OF_A_JOB = 12, 3
NEVER = 10**9
HEAD_SECONDS = 25
"""After which a head that does not answer has been given up."""
SWEEP = (
    "-m", "model=testing", "model.name=base", "attack=testing_reveal", "finetune=lora",
    "suite.limit=1", f"cells_per_job={OF_A_JOB}", "backend=openai", "backend.poll_seconds=0.2",
    "backend.listing_lag_seconds=0.5", "hydra/launcher=ftbench_ray", "--quiet", "--json",
)  # fmt: skip
ORDERED = "SELECT token FROM intents WHERE answer IS NOT NULL"


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path)
    made.environment["FTBENCH_CACHE"] = "off"  # nothing but the ledgers remembers
    return made


@pytest.fixture
def two_nodes(town):
    with nodes(1, 1, path=town.environment["PYTHONPATH"]) as started:
        yield started


@pytest.fixture
def provider():
    """It trains for ever, until it is told to come to an end."""
    with LesserServer() as server:
        lesser = server.provider("one")
        lesser.plan.looks = NEVER
        lesser.address = f"backend.base_url={server.url('one')}"
        yield lesser


def ordered_on(cluster, number, town):
    """The ledgers of the runs that a node trains at the provider now."""
    found = []
    for ledger in town.ledgers():
        with suppress(sqlite3.OperationalError):  # it is only being made
            if rows(ledger, ORDERED) and cluster.node_of(holder(ledger)) == number:
                found.append(ledger)
    return found


def begun(ledger):
    return len(rows(ledger, "SELECT 1 FROM attempts WHERE kind = 'finetune'"))


def units(ledger):
    return Counter(kind for (kind,) in rows(ledger, "SELECT kind FROM units"))


def test_a_node_dies_and_all_is_done_and_paid_once(two_nodes, provider, town):
    words = (*SWEEP, f"seed=range({CELLS})", f"hydra.launcher.address={two_nodes.address}")
    with town.typing(*words, provider.address, **two_nodes.environment) as command:
        hit = awaited(lambda: ordered_on(two_nodes, 1, town), command)
        assert holder(hit[0]) in two_nodes.kill(1)
        provider.plan.looks = 2
        said, complained = command.communicate(timeout=COMMAND_SECONDS)
    assert command.returncode == 0, complained
    assert {result["outcome"] for result in results(said, CELLS)} == {"trained"}
    assert len({result["run"] for result in results(said, CELLS)}) == CELLS == len(town.ledgers())
    for ledger in town.ledgers():
        assert units(ledger) == units(hit[0]) and units(ledger)["finetune"] == 1
        assert len(rows(ledger, "SELECT 1 FROM intents")) == 1
        assert begun(ledger) == (2 if ledger in hit else 1)
    bought = Counter(job["seed"] for job in provider.jobs.values())
    assert bought == Counter(range(CELLS))
    assert "1 of 2 nodes died" in complained and "raylet" not in complained


def test_a_job_that_is_lost_for_good_leaves_the_others(two_nodes, provider, town):
    own = ("hydra.launcher.max_retries=0", f"hydra.launcher.address={two_nodes.address}")
    words = (*SWEEP, "seed=range(6)", provider.address, *own)
    with town.typing(*words, **two_nodes.environment) as command:
        (hit,) = awaited(lambda: ordered_on(two_nodes, 1, town), command)
        kill_whole(psutil.Process(holder(hit)).parent())
        provider.plan.looks = 2
        said, complained = command.communicate(timeout=COMMAND_SECONDS)
    assert command.returncode == 5
    failures = [result["failure"] for result in results(said, 6)]
    assert sum(map(bool, failures)) == OF_A_JOB, complained
    assert all("Its node died, as often as" in words for words in failures if words)
    code, said, _ = town.typed(*words, **two_nodes.environment)
    assert code == 0 and len(provider.jobs) == 6
    assert {result["outcome"] for result in results(said, 6)} == {"trained"}


def test_who_stops_a_sweep_stops_its_jobs_where_they_can_go_on(two_nodes, provider, town):
    own = (f"hydra.launcher.address={two_nodes.address}", "seed=range(6)")
    words = (*SWEEP, provider.address, *own)
    with town.typing(*words, **two_nodes.environment) as command:
        here = awaited(lambda: ordered_on(two_nodes, 0, town), command)
        there = awaited(lambda: ordered_on(two_nodes, 1, town), command)
        command.send_signal(signal.SIGINT)
        _, complained = command.communicate(timeout=COMMAND_SECONDS)
    assert command.returncode == 130
    assert not any(psutil.pid_exists(holder(ledger)) for ledger in here + there)
    logs = [file.read_text() for file in town.folder.glob("runs/.sweeps/*/group-*.log")]
    assert len(logs) == 2 and all("Finishing what is in hand" in log for log in logs)
    assert "To go on: ftbench -m" in complained
    provider.plan.looks = 2
    code, *_ = town.typed(*words, **two_nodes.environment)
    assert code == 0 and len(provider.jobs) == 6


def test_a_head_that_dies_takes_only_what_had_not_begun(two_nodes, provider, town):
    own = (f"hydra.launcher.address={two_nodes.address}", "seed=range(9)")
    words = (*SWEEP, provider.address, *own)
    with town.typing(*words, **two_nodes.environment) as command:
        awaited(lambda: ordered_on(two_nodes, 0, town), command)
        awaited(lambda: ordered_on(two_nodes, 1, town), command)
        two_nodes.kill_head()
        time.sleep(HEAD_SECONDS)
        provider.plan.looks = 2
        said, complained = command.communicate(timeout=COMMAND_SECONDS)
    assert command.returncode == 5, complained
    failures = [result["failure"] for result in results(said, 9) if result["failure"]]
    assert len(failures) == OF_A_JOB
    assert all("The head of the Ray cluster is gone" in words for words in failures)
    assert "rpc_client" not in complained and "Traceback" not in complained
    assert len(provider.jobs) == 6
