"""The ledger: one SQLite file per run that remembers every finished unit of work."""

import hashlib
import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError

from .codec import Unit, decode, encode, kind_of

APPLICATION_ID = 0x46544231
SCHEMA_VERSION = 1
WAIT_SECONDS = 60.0
"""How long one process waits while another writes."""
SCHEMA = """
CREATE TABLE units (
    kind TEXT NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL, checksum BLOB NOT NULL,
    origin TEXT NOT NULL, kept_at TEXT NOT NULL, PRIMARY KEY (kind, key)
) STRICT;
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL,
    outcome TEXT NOT NULL, note TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE intents (
    token TEXT PRIMARY KEY, key TEXT NOT NULL, action TEXT NOT NULL, intended_at TEXT NOT NULL,
    answer TEXT, settled_at TEXT
) STRICT;
CREATE TABLE facts (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum BLOB NOT NULL
) STRICT;
"""


def moment() -> str:
    """This moment, in UTC to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def checksum(*parts: str) -> bytes:
    """Sixteen bytes that change when a row does; SQLite itself would not notice."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:16]


class Ledger:
    """Durable when a method returns; safe from any thread of one process."""

    def __init__(self, path: Path) -> None:
        """Open a ledger, and make it if it is not there. Raises StorageError."""
        self.path = path
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._connection = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None, timeout=WAIT_SECONDS
            )
            self._prepare()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            reason = type(error).__name__ if isinstance(error, UnicodeDecodeError) else error
            raise StorageError(f"The ledger {path} cannot be opened: {reason}.") from error

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        if self._connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
            return
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")  # of two that open it, one makes the tables
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in SCHEMA.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            elif version != SCHEMA_VERSION:
                raise StorageError(
                    f"{self.path} was written by another version of ftbench (ledger {version}, "
                    f"this one reads {SCHEMA_VERSION})."
                )

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        try:
            with self._lock:
                self._connection.execute(statement, values)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise StorageError(f"The ledger {self.path} cannot be written: {error}.") from error

    def _read(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            # what SQLite says may quote a row, and so a response
            raise StorageError(f"The ledger {self.path} is damaged: it cannot be read.") from None

    def _checked(self, kind: str, key: str, payload: str, stored: bytes) -> Any:
        if checksum(kind, key, payload) != stored:
            raise StorageError(f"The ledger {self.path} is damaged: the {kind} {key} was changed.")
        return decode(kind, payload)

    def keep(self, key: str, record: Unit, *, origin: str = "") -> None:
        """Record a finished unit under its key; a second one under the same key is an error.

        Raises KeyError for a key that is taken and StorageError where the disk says no.
        """
        kind, payload = kind_of(record), encode(record)
        try:
            self._write(
                "INSERT INTO units VALUES (?, ?, ?, ?, ?, ?)",
                (kind, key, payload, checksum(kind, key, payload), origin, moment()),
            )
        except sqlite3.IntegrityError as error:
            raise KeyError(key) from error

    def keep_all(self, units: Mapping[str, Unit], *, origin: str = "") -> None:
        """Record many units at once, all or none; those that are there already stay as they are."""
        rows = [
            (kind_of(unit), key, payload, checksum(kind_of(unit), key, payload), origin, moment())
            for key, unit in units.items()
            for payload in (encode(unit),)
        ]
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(
                    "INSERT OR IGNORE INTO units VALUES (?, ?, ?, ?, ?, ?)", rows
                )
        except sqlite3.DatabaseError as error:
            raise StorageError(f"The ledger {self.path} cannot be written: {error}.") from error

    def get(self, kind: str, key: str) -> Any | None:
        """The unit of a kind under a key, or None."""
        found = self._read(
            "SELECT key, payload, checksum FROM units WHERE kind = ? AND key = ?", (kind, key)
        )
        if found and found[0][0] != key:  # a damaged index leads to another row
            raise StorageError(f"The ledger {self.path} is damaged: the {kind} {key} was changed.")
        return self._checked(kind, *found[0]) if found else None

    def all(self, kind: str) -> dict[str, Any]:
        """Every unit of a kind, by key."""
        rows = self._read(
            "SELECT key, payload, checksum FROM units WHERE kind = ? ORDER BY key", (kind,)
        )
        return {row[0]: self._checked(kind, *row) for row in rows}

    def units(self, kind: str, keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Those of some units that are here."""
        for key in keys:
            unit = self.get(kind, key)
            if unit is not None:
                yield key, unit

    def keys(self, kind: str) -> set[str]:
        """The keys of every unit of a kind."""
        return {key for (key,) in self._read("SELECT key FROM units WHERE kind = ?", (kind,))}

    def attempt(self, kind: str, key: str, outcome: str, *, note: str = "") -> None:
        """Write down that a unit was tried, and how that ended; never overwritten."""
        self._write(
            "INSERT INTO attempts (kind, key, outcome, note, at) VALUES (?, ?, ?, ?, ?)",
            (kind, key, outcome, note, moment()),
        )

    def intend(self, key: str, action: str) -> str:
        """Write down an action that costs money before it is done; returns its token."""
        token = uuid.uuid4().hex
        self._write(
            "INSERT INTO intents VALUES (?, ?, ?, ?, NULL, NULL)", (token, key, action, moment())
        )
        return token

    def settle(self, token: str, answer: Mapping[str, str]) -> None:
        """Write down how an intended action ended."""
        self._write(
            "UPDATE intents SET answer = ?, settled_at = ? WHERE token = ?",
            (json.dumps(dict(answer), sort_keys=True), moment(), token),
        )

    def state(self, name: str, value: Any) -> None:
        """Write down a fact about the run, as JSON; the newest counts."""
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
        values = (name, text, checksum(name, text))
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", values)

    def fact(self, name: str) -> Any | None:
        """What was stated last, or None."""
        found = self._read("SELECT value, checksum FROM facts WHERE name = ?", (name,))
        if found and checksum(name, found[0][0]) != found[0][1]:
            raise StorageError(f"The ledger {self.path} is damaged: the fact {name!r} was changed.")
        return json.loads(found[0][0]) if found else None

    def forget(self, kind: str, key: str) -> None:
        """Drop a unit; only a cache forgets."""
        self._write("DELETE FROM units WHERE kind = ? AND key = ?", (kind, key))

    def forget_all(self) -> None:
        """Drop every unit, and give the room back; only a cache forgets."""
        self._write("DELETE FROM units", ())
        self._write("VACUUM", ())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
