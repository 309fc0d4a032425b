"""The testing world for processes of their own, with a parrot that waits until it may go on."""

import time
from dataclasses import dataclass
from pathlib import Path

from ftbench import hookimpl, transport
from ftbench.testing import Parrot, Reveal, Words
from ftbench.testing.benchmark import HERE

OPEN, WAITS, DONE = "open", "waits", "done.txt"
"""A file that lets it go on, one that says it waits, and what was done, line by line."""


def told(*words):
    """Write a line, where the command was typed."""
    with Path(DONE).open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


@dataclass(kw_only=True)
class Waiter(Parrot):
    """Learn as a parrot does; under one seed only once a file is there, or never if it stops."""

    name = "waiter"
    seed: int = transport(-1)

    def fine_tune(self, jobs, desk):
        if any(job.seed == self.seed for job in jobs):
            Path(WAITS).touch()
            while not Path(OPEN).exists() and not desk.stopping:
                time.sleep(0.05)
        super().fine_tune(jobs, desk)
        if not desk.stopping:
            for job in jobs:
                told("trained", job.seed)

    def respond(self, requests, desk):
        for request in requests:
            told("asked", request.key)
        super().respond(requests, desk)


@hookimpl
def ftbench_backends():
    return (Parrot, Waiter)


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
