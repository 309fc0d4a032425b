"""The folder of a sweep that jobs do: what each is to do, and what it has written of itself."""

import json
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ftbench.digest import digest
from ftbench.errors import StorageError, UsageError
from ftbench.ledger.lock import holder
from ftbench.ledger.store import moment

from .forms import ScheduledForm, StateForm, SweepForm

SWEEPS = ".sweeps"
"""Inside the folder of runs; a name that is no run's."""
_SWEEP, _SCHEDULED = "sweep.json", "scheduled.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The cells of one job, as the words that compose each."""

    cells: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    """Which cells of the sweep they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFolder:
    """Where the command that spreads a sweep and the jobs that do it meet."""

    path: Path

    @classmethod
    def of(cls, runs: Path, groups: Sequence[Group]) -> "SweepFolder":
        """Where a sweep lies, every time that it is begun."""
        told = [[list(group.cells), list(group.numbers)] for group in groups]
        return cls(path=runs / SWEEPS / digest("sweep", told)[:12])

    def begin(
        self,
        groups: Sequence[Group],
        *,
        launcher: str,
        is_agreed: bool,
        is_joined: bool = False,
        billed: Sequence[int] = (),
    ) -> None:
        """Write what is to be done; every start has its own token.

        ``is_agreed`` says whether somebody agreed to what can be billed, and ``billed`` which
        groups that can be; a start ``is_joined`` to the one before where jobs of that one go on.
        Raises StorageError.
        """
        sweep = {
            "launcher": launcher,
            "began": moment(),
            "token": self.token if is_joined else secrets.token_hex(8),
            "is_agreed": is_agreed,
            "billed": list(billed),
            "groups": [
                {"cells": list(group.cells), "numbers": list(group.numbers)} for group in groups
            ],
        }
        self.write(sweep)

    def write(self, sweep: Mapping[str, Any]) -> None:
        """Write what ``sweep`` reads. Raises StorageError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self.path / _SWEEP, sweep)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error.strerror}.") from error

    @property
    def place(self) -> Path:
        """Where a command is typed whose runs lie in the default folder."""
        return self.path.parents[2]

    def sweep(self) -> dict[str, Any]:
        """What the command wrote. Raises UsageError where there is no such sweep."""
        told = _read(self.path / _SWEEP, SweepForm)
        if told is None:
            raise UsageError(
                f"{self.path} is not the folder of a sweep: its {_SWEEP} is missing or damaged. "
                "The command of the sweep writes it anew."
            )
        return told

    @property
    def is_damaged(self) -> bool:
        """Whether what the command wrote cannot be read."""
        return _read(self.path / _SWEEP, SweepForm) is None

    def is_state_damaged(self, number: int) -> bool:
        """Whether a job has written of itself what cannot be read now."""
        return self._state_file(number).exists() and self.state(number) is None

    @property
    def token(self) -> str:
        """What the newest start of the sweep is known by."""
        return str(self.sweep()["token"])

    def groups(self) -> list[Group]:
        """What each job is to do."""
        return [
            Group(cells=tuple(map(tuple, one["cells"])), numbers=tuple(one["numbers"]))
            for one in self.sweep()["groups"]
        ]

    def lock(self, number: int) -> Path:
        """Held by the process that does a group."""
        return self.path / f"group-{number}.lock"

    def log(self, number: int) -> Path:
        """What the process that does a group says."""
        return self.path / f"group-{number}.log"

    def state(self, number: int) -> dict[str, Any] | None:
        """What a job has last written of itself; None for one that has not begun.

        What is damaged counts for nothing: the job is done anew.
        """
        return _read(self._state_file(number), StateForm)

    def scheduled(self) -> dict[int, str]:
        """What a scheduler calls the jobs that it was given last, by their numbers here."""
        return _read(self.path / _SCHEDULED, ScheduledForm) or {}

    def put_scheduled(self, jobs: Mapping[int, str]) -> None:
        """Remember what a scheduler calls the jobs, also for later commands."""
        _write(self.path / _SCHEDULED, {str(number): job for number, job in jobs.items()})

    def newest_state(self, number: int) -> dict[str, Any] | None:
        """What a job of this start wrote of itself; what an earlier start left does not count."""
        state = self.state(number)
        return state if state is not None and state["token"] == self.token else None

    def has_ended(self, number: int) -> bool:
        """Whether a job of this start has done all it could, and was not stopped."""
        state = self.newest_state(number)
        return state is not None and bool(state["ended"]) and not state["stopped"]

    def put_state(self, number: int, state: Mapping[str, Any]) -> None:
        """Replace what is known of a job."""
        _write(self._state_file(number), state)

    def forget_state(self, number: int) -> None:
        """Before a job is done anew, what it was before is no word of it."""
        self._state_file(number).unlink(missing_ok=True)

    def _state_file(self, number: int) -> Path:
        return self.path / f"group-{number}.json"

    def is_under_way(self, number: int) -> bool:
        """Whether a process of this machine, or of one that shares the lock, does the group."""
        return holder(self.lock(number)) is not None


def begun(token: str) -> dict[str, Any]:
    """What a job writes of itself as it begins."""
    return {
        "token": token,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "job": _job_of_scheduler(),
        "began": moment(),
        "ended": None,
        "stopped": False,
        "stage": "",
        "cells": [],
    }


def sweep_folders(runs: Path) -> list[SweepFolder]:
    """The sweeps whose runs are in a folder."""
    return [SweepFolder(path=file.parent) for file in sorted(runs.glob(f"{SWEEPS}/*/{_SWEEP}"))]


def _job_of_scheduler() -> str:
    """What Slurm calls the job, as ``squeue`` shows it; empty where it is none of Slurm's."""
    array, task = (os.environ.get(f"SLURM_ARRAY_{part}_ID") for part in ("JOB", "TASK"))
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID", "")


def _read(path: Path, form: type[BaseModel]) -> dict[Any, Any] | None:
    """The content of a file; None where it is not there, or not what it should be."""
    try:
        return form.model_validate_json(path.read_bytes(), strict=True).model_dump()
    except (OSError, ValidationError):
        return None


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all: others read while it is written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)
