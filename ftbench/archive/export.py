"""Writes the files of a run anew, from its ledger alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from ftbench.errors import StorageError
from ftbench.ledger.drafts import write_whole
from ftbench.ledger.lock import RunLock
from ftbench.stages.derived import CONFIG, LM_EVAL, VERDICTS
from ftbench.stages.folder import RESULT

from .opening import LOCK, opened
from .parquet import PARQUET, parquet_bytes
from .rebuild import counted, rebuilt


class Format(Enum):
    """What can be written."""

    json = "json"
    csv = "csv"
    parquet = "parquet"
    lm_eval = "lm-eval"
    config = "config"


USUAL = (Format.json, Format.csv, Format.lm_eval, Format.config)
"""What a run writes by itself."""
_PLACES = {
    Format.json: RESULT,
    Format.csv: VERDICTS,
    Format.parquet: PARQUET,
    Format.lm_eval: LM_EVAL,
    Format.config: CONFIG,
}


def export(
    folder: Path, *, out: Path | None = None, formats: Sequence[Format] = USUAL
) -> list[Path]:
    """Write the files of a finished run, into its folder or another; returns what was written.

    What holds responses goes to ``private`` there, for the owner alone.

    Raises:
        UsageError: The folder is no run.
        Busy: The run is being written by another process.
        StorageError: The run is not finished, its ledger is damaged, or a file cannot be written.
    """
    written: list[Path] = []
    with opened(folder) as run, _only_writer(folder, out):
        found = counted(run)
        target = out or folder
        for file in rebuilt(run, found):
            if any(file.name.startswith(_PLACES[wanted]) for wanted in formats):
                written.append(_written(target, file.name, file.text.encode()))
        if Format.parquet in formats:
            written.append(_written(target, PARQUET, parquet_bytes(found)))
    return written


@contextmanager
def _only_writer(folder: Path, out: Path | None) -> Iterator[None]:
    """Nobody else writes into the run's folder meanwhile; another folder is the user's affair."""
    if out is not None:
        yield
        return
    lock = RunLock(folder / LOCK)
    try:
        yield
    finally:
        lock.release()


def _written(target: Path, name: str, content: bytes) -> Path:
    """Write a file so that it is there whole or not at all. Raises StorageError."""
    path = target / name
    try:
        if name.startswith("private/"):
            (target / "private").mkdir(parents=True, exist_ok=True, mode=0o700)
            (target / "private").chmod(0o700)
        write_whole(path, content)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
    return path
