"""A run's result -> its folder: public figures, private lm-eval files; all can be made again."""

import os
import tempfile
from pathlib import Path

from ftbench.errors import StorageError
from ftbench.ledger.seal import seal
from ftbench.statistics.result import RunResult

from .derived import derived_files
from .folder import RunFolder
from .tally import Tally


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def save(folder: RunFolder, result: RunResult, counted: Tally) -> None:
    """Write everything a reader of the run may want, and seal it; overwrites an earlier try."""
    composed = folder.ledger.fact("composed") or {}
    for file in derived_files(composed, result, counted):
        write_atomically(folder.path / file.name, file.text)
    seal(folder.path, folder.ledger)
