"""The testing world, installed for the processes of a cluster too, and commands typed there."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.plugin.outside import install

Found = TypeVar("Found")
LEDGER = "private/ledger.sqlite"
COMMAND_SECONDS = 300.0

TOWN = '''
"""The testing world as a package; two fine-tunes at once write down what they were given."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import ftbench.testing
from ftbench import hookimpl
from ftbench.testing.parrot import Parrot
from ftbench.testing.reveal import Reveal
from ftbench.testing.words import Words

HERE = Path(ftbench.testing.__file__).parent
GIVEN = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "FTBENCH_CACHE", "EXTRA")


@dataclass(kw_only=True)
class Telling(Parrot):
    """Write down where it learns, and wait until another process does so too."""

    name = "telling_parrot"

    def fine_tune(self, jobs, desk):
        notes = Path("notes")
        notes.mkdir(exist_ok=True)
        told = {name: os.environ.get(name) for name in GIVEN}
        (notes / f"{os.getpid()}.json").write_text(json.dumps(told))
        while len(list(notes.iterdir())) < 2:
            time.sleep(0.05)
        super().fine_tune(jobs, desk)


@hookimpl
def ftbench_backends():
    return Parrot, Telling


@hookimpl
def ftbench_attacks():
    return (Reveal,)


@hookimpl
def ftbench_judges():
    return (Words,)


@hookimpl
def ftbench_task_dirs():
    return (HERE / "tasks",)


@hookimpl
def ftbench_config_dirs():
    return (HERE / "conf",)
'''


class Town:
    """A folder in which the testing world is installed, and where commands are typed."""

    def __init__(self, place: Path) -> None:
        self.folder, self.site = place / "town", place / "site"
        self.folder.mkdir()
        self.site.mkdir()
        install(self.site, "small-town", TOWN)
        path = os.pathsep.join(filter(None, (str(self.site), os.environ.get("PYTHONPATH"))))
        self.environment = os.environ | {"PYTHONPATH": path, "FTBENCH_CACHE": str(place / "cache")}

    @contextmanager
    def typing(self, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Type a command after ``ftbench``, and do something while it works."""
        with subprocess.Popen(
            [sys.executable, "-m", "ftbench", *words],
            cwd=self.folder, env=self.environment | environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()

    def typed(self, *words: str, **environment: str) -> tuple[int, str, str]:
        """Type a command; its exit code, what it said, and what it said of itself."""
        with self.typing(*words, **environment) as process:
            said, complained = process.communicate(timeout=COMMAND_SECONDS)
            return process.returncode, said, complained

    def notes(self) -> list[dict[str, str | None]]:
        """What each process that fine-tuned was given."""
        return [json.loads(file.read_text()) for file in self.folder.glob("notes/*.json")]

    def ledgers(self) -> list[Path]:
        """Of every run, in the order of their names."""
        return sorted(self.folder.glob(f"runs/*/{LEDGER}"))


def results(said: str, count: int) -> list[dict[str, Any]]:
    """Of the runs that a command told as JSON; that of all seeds together comes last."""
    return [json.loads(line) for line in said.splitlines()][:count]


def rows(ledger: Path, query: str) -> list[tuple[Any, ...]]:
    """What SQLite reads in a ledger, while others may write it."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as opened:
        return opened.execute(query).fetchall()


def holder(ledger: Path) -> int:
    """The process that writes a ledger, or wrote it last."""
    return int(json.loads(ledger.with_name("run.lock").read_text())["pid"])


def awaited(look: Callable[[], Found], command: subprocess.Popen[str]) -> Found:
    """What is found at last, while a command goes on."""
    until = time.monotonic() + COMMAND_SECONDS
    while not (found := look()):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)
    return found
