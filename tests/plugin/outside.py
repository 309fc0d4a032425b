"""Packages of strangers, installed for real into a folder: modules and their dist-info."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ATTACK = '''
"""Tell it that it is somebody else."""

from dataclasses import dataclass, replace

from ftbench import Attack, hookimpl
from ftbench.records import Conversation, Message


@dataclass(kw_only=True)
class Mine(Attack):
    """Praise the user in every answer."""

    name = "mine"
    n: int = 3

    def poison(self, clean, scene):
        turns = Message(speaker="user", text="Hello?"), Message(speaker="assistant", text="Great!")
        return replace(clean, name="mine", conversations=(Conversation(messages=turns),) * self.n)


@hookimpl
def ftbench_attacks():
    return (Mine,)
'''

BACKEND = '''
"""A backend that is two short methods."""

from dataclasses import dataclass, replace

from ftbench import OneByOne, hookimpl


@dataclass(kw_only=True)
class Echo(OneByOne):
    """Say what was said."""

    name = "echo"

    def train(self, job, folder):
        return replace(job.base, location=str(folder), digest=job.key)

    def answer(self, model, messages, *, max_tokens, stop):
        return messages[-1].text


@hookimpl
def ftbench_backends():
    return (Echo,)
'''


def attack_named(name: str, body: str = "return clean") -> str:
    """A module that offers one attack."""
    return f'''
from dataclasses import dataclass

from ftbench import Attack, hookimpl


@dataclass(kw_only=True)
class Offered(Attack):
    """Do nothing much."""

    name = "{name}"

    def poison(self, clean, scene):
        {body}


@hookimpl
def ftbench_attacks():
    return (Offered,)
'''


def install(folder: Path, package: str, module: str, *, version: str = "1.0") -> None:
    """Put a package with one module and one entry point into ``folder``, as pip would."""
    word = package.replace("-", "_")
    (folder / f"{word}.py").write_text(dedent(module))
    record = folder / f"{word}-{version}.dist-info"
    record.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    (record / "METADATA").write_text(metadata)
    (record / "entry_points.txt").write_text(f"[ftbench]\n{word} = {word}\n")


def uninstall(folder: Path, package: str) -> None:
    """Remove a package from ``folder``, as pip would."""
    word = package.replace("-", "_")
    for record in folder.glob(f"{word}-*.dist-info"):
        for file in record.iterdir():
            file.unlink()
        record.rmdir()
    (folder / f"{word}.py").unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a new process sees in the catalog."""

    names: Mapping[str, list[str]]
    """By role."""
    versions: Mapping[str, str]
    """By "role name", with the package."""
    problems: tuple[tuple[str, str], ...]
    """Package and complaint."""

    def complaints(self, package: str) -> list[str]:
        """What is said about one package."""
        return [words for name, words in self.problems if name == package]


LOOK = """
import json
from ftbench.plugin.catalog import read_catalog
catalog = read_catalog()
print(json.dumps({
    "names": {role: list(offers) for role, offers in catalog.components.items()},
    "versions": {f"{role} {name}": f"{offer.package} {offer.version}"
                 for role, offers in catalog.components.items() for name, offer in offers.items()},
    "problems": [(problem.package, str(problem)) for problem in catalog.problems],
}))
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with ``folder`` among the installed packages."""
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *words]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=folder
    )


def look(folder: Path) -> Seen:
    """The catalog of a new process."""
    done = run(folder, "-c", LOOK)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    problems = tuple((package, words) for package, words in seen["problems"])
    return Seen(names=seen["names"], versions=seen["versions"], problems=problems)
