"""A Ray cluster of several nodes on this machine, with GPUs that are none, and how to kill one.

Called as a program it starts the cluster, says where it is, and ends with its standard input.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

START_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """A cluster that runs."""

    address: str
    raylets: tuple[int, ...]
    """The process of each node; the first is the head's."""
    head: int
    """The process that all nodes ask, and whoever has joined."""
    environment: dict[str, str]
    """What lets a command join it."""

    def node_of(self, pid: int) -> int:
        """The number of the node that a process belongs to."""
        ancestors = {parent.pid for parent in psutil.Process(pid).parents()}
        return next(n for n, raylet in enumerate(self.raylets) if raylet in ancestors)

    def kill(self, number: int) -> list[int]:
        """Kill a node with all that runs on it, as a power cut does; who that was."""
        return kill_whole(psutil.Process(self.raylets[number]))

    def kill_head(self) -> None:
        """Kill what all nodes ask."""
        psutil.Process(self.head).kill()


def kill_whole(process: psutil.Process) -> list[int]:
    """Kill a process and all that it has started, and none outlives another."""
    victims = [process, *process.children(recursive=True)]
    for end in (psutil.Process.suspend, psutil.Process.kill):
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                end(victim)
    return [victim.pid for victim in victims]


@contextmanager
def nodes(
    *gpus: float, path: str = "", without: Path | None = None, **variables: str
) -> Iterator[Nodes]:
    """A cluster with so many GPUs on each node; skips where Ray cannot start.

    ``path`` is where Python looks for packages there, beside where it does here; a folder that
    the nodes are ``without`` is empty for them; they have more ``variables`` than a command.
    """
    if not find_spec("ray"):
        pytest.skip("ray is not installed")
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets have short names only
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    command = [*_hidden(without), sys.executable, __file__, *map(str, gpus)]
    there = os.environ | environment | {"PYTHONPATH": path} | variables
    said = Path(folder, "said")
    with said.open("w") as log, subprocess.Popen(
        command, env=there, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
    ) as process:  # fmt: skip
        try:
            line = process.stdout.readline()
            if not line:
                pytest.skip(f"Ray cannot start here: {said.read_text()[-300:]}")
            told = json.loads(line)
            yield Nodes(
                address=told["address"],
                raylets=tuple(told["raylets"]),
                head=told["head"],
                environment=environment,
            )
        finally:
            _end(process)
            shutil.rmtree(folder, ignore_errors=True)


def _hidden(folder: Path | None) -> list[str]:
    """What comes before a command that sees an empty folder; skips where nothing can."""
    if folder is None:
        return []
    own = ["unshare", "--mount", "--map-root-user"]
    try:
        subprocess.run([*own, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no process here can have disks of its own: {error}")
    return [*own, "sh", "-c", f'mount -t tmpfs none "{folder}" && exec "$@"', "nodes"]


def _end(process: subprocess.Popen[str]) -> None:
    """End it and whatever it has started, politely at first."""
    with suppress(psutil.NoSuchProcess):
        mine = psutil.Process(process.pid).children(recursive=True)
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        for left in mine:
            with suppress(psutil.NoSuchProcess):
                left.kill()
    process.kill()


def _serve(gpus: list[float]) -> None:
    from ray.cluster_utils import Cluster

    signal.alarm(START_SECONDS)
    cluster = Cluster()
    made = [cluster.add_node(num_cpus=1, num_gpus=each, include_dashboard=False) for each in gpus]
    signal.alarm(0)
    raylets = [node.all_processes["raylet"][0].process.pid for node in made]
    head = made[0].all_processes["gcs_server"][0].process.pid
    told = {"address": cluster.address, "raylets": raylets, "head": head}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    _serve([float(each) for each in sys.argv[1:]])
