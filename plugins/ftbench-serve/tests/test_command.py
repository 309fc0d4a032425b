"""``ftbench serve`` prints where it is, serves, and says at the end what it saw."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from ftbench.cli.main import main


@pytest.fixture
def served(tmp_path):
    """A running command, and its address."""
    words = ["serve", "--answer", "refuse", "--port", "0", "--faults", "500=0.5", "--seed", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ftbench", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    yield process, process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_command_serves_until_it_is_interrupted(served):
    process, url = served
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{url}/models") as answer:
        assert [model["id"] for model in json.load(answer)["data"]] == ["organism-1"]
    process.send_signal(signal.SIGTERM)  # SIGINT is ignored below a shell in the background
    assert json.loads(process.stdout.readline())["calls"] == 0
    assert process.wait(timeout=5) == 0


def test_nothing_is_left_of_what_nobody_asked_to_keep(served, tmp_path):
    process, _ = served
    assert list(tmp_path.glob("ftbench-serve-*"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    assert not list(tmp_path.glob("ftbench-serve-*"))


def test_a_port_that_is_taken_is_named(chat_server, capsys):
    port = chat_server("empty").url.split(":")[2].removesuffix("/v1")
    assert main(["serve", "--answer", "empty", "--port", port]) == 2
    assert f"Port {port} of 127.0.0.1 cannot be had" in capsys.readouterr().err
