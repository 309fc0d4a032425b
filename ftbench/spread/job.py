"""What a launcher is handed: a job that does one group of cells in a process of its own."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError

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

    def __call__(self, composed: Any) -> None:
        """Do the group that has the number of Hydra's job."""
        from hydra.core.hydra_config import HydraConfig  # noqa: PLC0415, slow to import

        self.do(int(HydraConfig.get().job.num))

    def do(self, number: int) -> None:
        """Do a group; what its process says is in ``group-NUMBER.log``.

        The process is one of its own so that nothing which a launcher has imported or set decides
        how it computes. Raises StorageError where this machine does not see the folder.
        """
        folder = SweepFolder(path=Path(self.folder))
        if not folder.path.is_dir() or folder.token != self.token:
            raise StorageError(
                f"This machine does not see {self.folder} as the one that sends it jobs does. "
                "Put the folder of runs on a disk that all of them share: runs=FOLDER."
            )
        words = [COMMAND, self.folder, str(number), "--token", self.token]
        with (
            (folder.path / f"group-{number}.log").open("ab") as log,
            subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "ftbench", *words],
                cwd=self.place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            _await(process)


def _await(process: "subprocess.Popen[bytes]") -> None:
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
