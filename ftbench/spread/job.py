"""What a launcher is handed: a job that does one group of cells in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError, UsageError

from .away import Away, take_told, told_by
from .sweep_folder import SweepFolder

COMMAND = "group"
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Called where the launcher wills, once for each group; what came of it lies in the folder."""

    folder: str
    """Of the sweep; absolute."""
    place: str
    """Where the command was typed: what its words name relatively lies there."""
    token: str
    """Of the start of the sweep that this job belongs to."""
    away: Away | None = None
    """For machines that do not see the folder; None where nothing would come back from them."""

    def __call__(self, composed: Any) -> Mapping[str, Any] | None:
        """Do the group that has the number of Hydra's job; returns what ``receive`` is to get."""
        from hydra.core.hydra_config import HydraConfig  # noqa: PLC0415, slow to import

        return self.do(int(HydraConfig.get().job.num))

    def returning(self) -> "Job":
        """The same job, of a launcher that gives to ``receive`` what a call of it returned."""
        return replace(self, away=Away.of(SweepFolder(path=Path(self.folder))))

    def receive(self, number: int, told: Mapping[str, Any] | None) -> None:
        """Take what a call returned, on the machine that sent the job."""
        if told is not None:
            take_told(SweepFolder(path=Path(self.folder)), number, told)

    def do(self, number: int) -> Mapping[str, Any] | None:
        """Do a group; returns what is known of it where the folder is not seen."""
        if self.away is None or Path(self.folder).is_dir():
            with self.begun(number) as process:
                await_end(process)
            return None
        with self.away.folder(number) as folder:
            here = replace(self, folder=str(folder.path), place=str(folder.place), away=None)
            here.do(number)
            return told_by(folder, number)

    @contextmanager
    def begun(self, number: int) -> Iterator["subprocess.Popen[bytes]"]:
        """The process that does a group; what it says is in ``group-NUMBER.log``.

        It is one of its own so that nothing which a launcher has imported or set decides how it
        computes. Raises StorageError where this machine does not see the folder, and UsageError
        where the sweep was begun anew meanwhile.
        """
        folder = SweepFolder(path=Path(self.folder))
        if not folder.path.is_dir():
            raise StorageError(
                f"This machine does not see {self.folder}, as the one does that sends it jobs. "
                "Put the folder of runs on a disk that all of them share: runs=FOLDER."
            )
        if folder.token != self.token:
            raise UsageError(f"{self.folder} was begun anew: this job is of an earlier command.")
        words = [COMMAND, self.folder, str(number), "--token", self.token]
        with (
            folder.log(number).open("ab") as log,
            subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "ftbench", *words],
                cwd=self.place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            yield process


def await_end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the process of a group; whoever interrupts this has it stop where it can go on.

    Looks again and again, because no launcher can interrupt a wait that has no end.
    """
    try:
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_SECONDS)
    except BaseException:
        process.terminate()
        process.wait()
        raise
