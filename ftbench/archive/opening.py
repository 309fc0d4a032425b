"""The folder of a run, opened to look at it: nothing in it changes, also while a run goes on."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError, UsageError
from ftbench.ledger.lock import holder
from ftbench.ledger.schema import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, other_version
from ftbench.ledger.store import Ledger
from ftbench.stages.folder import RunFolder

LEDGER = "private/ledger.sqlite"
LOCK = "private/run.lock"


class ReadOnlyLedger(Ledger):
    """A ledger that cannot be written; one that was never begun is an empty one."""

    def __init__(self, path: Path) -> None:
        """Open a ledger. Raises StorageError where it cannot be read."""
        self.path = path
        self._lock = threading.RLock()
        try:
            self._connection = _begun(path) or _empty()
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise StorageError(_unreadable(path)) from error

    def attempts(self) -> list[tuple[str, str, str]]:
        """Kind, key and outcome of everything that was tried, the oldest first."""
        return [(kind, key, outcome) for kind, key, outcome, *_ in self.rows("attempts")]

    def open_intents(self) -> int:
        """How many paid actions were begun and have no known end."""
        return sum(settled_at is None for *_, settled_at in self.rows("intents"))

    def _read(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """As the ledger reads, without SQLite's own words: they may quote a response."""
        try:
            return super()._read(query, values)
        except (StorageError, UnicodeDecodeError) as error:
            raise StorageError(_unreadable(self.path)) from error


def _unreadable(path: Path) -> str:
    return f"The ledger {path} is damaged or cannot be read. `ftbench verify` says where."


def connect(path: Path) -> sqlite3.Connection:
    """Open a database that this process cannot change.

    Without a writer there is no write-ahead log, and SQLite is told not to make one: a look at a
    finished run leaves no files behind, and works on a medium that cannot be written.
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    is_quiet = not has_log and holder(path.with_name(Path(LOCK).name)) is None
    how = "immutable=1" if is_quiet else "mode=ro"
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?{how}", uri=True, check_same_thread=False, isolation_level=None
    )


def _begun(path: Path) -> sqlite3.Connection | None:
    """The ledger, or None where it has no tables yet. Raises StorageError for another's file."""
    if not path.is_file() or not path.stat().st_size:
        return None
    connection = connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not version and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        connection.close()
        return None
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if (owner, version) != (APPLICATION_ID, SCHEMA_VERSION):
        connection.close()
        if owner == APPLICATION_ID:
            raise StorageError(other_version(path, version))
        raise StorageError(_unreadable(path))
    return connection


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.executescript(SCHEMA)
    return connection


def is_run(folder: Path) -> bool:
    """Whether a folder is the folder of a run, be it one that was stopped at once."""
    try:
        parts = (folder / "public", folder / "private")
        return (folder / LEDGER).is_file() or all(part.is_dir() for part in parts)
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}.") from error


def check_is_run(folder: Path) -> None:
    """Raise UsageError for a folder that is none of a run."""
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Name a run, such as runs/NAME.")
    if not is_run(folder):
        raise UsageError(f"{folder} is not the folder of a run: it has no {LEDGER}.")


def run_folders(places: Sequence[Path], *, can_be_none: bool = False) -> list[Path]:
    """The folders of runs that are meant: runs, and folders of runs.

    Raises UsageError for a place that is no run and holds none, unless there ``can_be_none``.
    """
    found: list[Path] = []
    for place in places:
        if not place.is_dir():
            raise UsageError(f"There is no folder {place}. Name a run, such as runs/NAME.")
        inside = [place] if is_run(place) else sorted(filter(is_run, _folders(place)))
        if not inside and not can_be_none:
            raise UsageError(f"{place} is no run and holds none: a run has {LEDGER}.")
        found += inside
    return list(dict.fromkeys(found))


def _folders(place: Path) -> list[Path]:
    return [path for path in place.iterdir() if path.is_dir()]


@contextmanager
def opened(folder: Path) -> Iterator[RunFolder]:
    """A run to look at. Raises UsageError for a folder that is no run, else StorageError."""
    check_is_run(folder)
    ledger = ReadOnlyLedger(folder / LEDGER)
    try:
        yield RunFolder(path=folder, ledger=ledger)
    finally:
        ledger.close()
