"""A job on a machine that does not see the sweep: done in a folder of its own, and brought back.

What such a job finishes goes into the shared cache, as what any run finishes does. Whoever sent
the job then runs the same cells, and takes all of it from there.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError
from ftbench.ledger.shared.place import shared_address

from .sweep_folder import SWEEPS, SweepFolder

IS_AWAY = "is_away"
"""In the state of a group: whether it was done where its folder is not seen."""
_RUNS = "runs"
_LONGEST_LOG = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """What a job needs of a sweep whose folder it does not see."""

    sweep: Mapping[str, Any]
    """What the command wrote there."""

    @classmethod
    def of(cls, folder: SweepFolder) -> "Away | None":
        """None where finished work is not shared, and so could not come back."""
        return cls(sweep=folder.sweep()) if shared_address() else None

    @contextmanager
    def folder(self, number: int) -> Iterator[SweepFolder]:
        """The sweep in a folder for one of its groups, which is gone afterwards.

        Raises StorageError for a group that can be billed: what was ordered is known from its
        ledger alone, and this one can be lost with its machine.
        """
        if number in self.sweep["billed"]:
            raise StorageError(
                "A machine that does not see the folder of runs does nothing that can be billed: "
                "were it lost, nobody would know what it had ordered. Put the folder on a disk "
                "that all machines share: runs=FOLDER."
            )
        place = Path(tempfile.mkdtemp(prefix="ftbench-"))
        try:
            folder = SweepFolder(path=place / _RUNS / SWEEPS / "away")
            groups = [_without_runs(group) for group in self.sweep["groups"]]
            folder.write({**self.sweep, "groups": groups})
            yield folder
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _without_runs(group: Mapping[str, Any]) -> dict[str, Any]:
    """A group whose runs lie where its process is started."""
    cells = [[word for word in cell if not word.startswith(f"{_RUNS}=")] for cell in group["cells"]]
    return {**group, "cells": cells}


def told_by(folder: SweepFolder, number: int) -> dict[str, Any]:
    """What a job that was done away has to tell, once it has ended."""
    log = folder.log(number).read_text(errors="replace")[-_LONGEST_LOG:]
    return {"state": folder.state(number), "log": log}


def take_told(folder: SweepFolder, number: int, told: Mapping[str, Any]) -> None:
    """Write it where the jobs write that see the folder."""
    with folder.log(number).open("a") as log:
        log.write(told["log"])
    if told["state"] is not None:
        folder.put_state(number, {**told["state"], IS_AWAY: True})
