"""A run's result -> its folder: public figures, private lm-eval files; all can be made again."""

from pathlib import Path

from ftbench.errors import StorageError
from ftbench.ledger.drafts import write_whole
from ftbench.ledger.seal import seal
from ftbench.statistics.result import RunResult

from .derived import derived_files
from .folder import RunFolder
from .tally import Tally


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that it is there whole or not at all. Raises StorageError."""
    try:
        write_whole(path, content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def save(folder: RunFolder, result: RunResult, counted: Tally) -> None:
    """Write everything a reader of the run may want, and seal it; overwrites an earlier try."""
    composed = folder.ledger.fact("composed") or {}
    for file in derived_files(composed, result, counted):
        write_atomically(folder.path / file.name, file.text)
    seal(folder.path, folder.ledger)
