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
from .schema import APPLICATION_ID, CHECKED, NAMED, SCHEMA, SCHEMA_VERSION, other_version

WAIT_SECONDS = 60.0
"""How long one process waits while another writes."""


def moment() -> str:
    """This moment, in UTC to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def checksum(*parts: str | None) -> bytes:
    """Sixteen bytes that change when a row does; SQLite itself would not notice."""
    text = "\0".join("\1" if part is None else part for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def is_as_written(row: Iterable[Any], stored: Any) -> bool:
    """Whether the columns of a row are those that its checksum was made of."""
    try:
        return checksum(*row) == bytes(stored)
    except TypeError:  # not even texts any more
        return False


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
                raise StorageError(other_version(self.path, version))

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

    def rows(self, table: str, where: str = "", *values: str) -> Iterator[tuple[Any, ...]]:
        """The columns of a table's rows that have a checksum. Raises StorageError for a wrong one.

        Rows come in the order of their first two columns, attempts as they were made.
        """
        order = "id" if table == "attempts" else "1, 2"
        query = f"SELECT {CHECKED[table]}, checksum FROM {table} {where} ORDER BY {order}"  # noqa: S608, ours
        for *row, stored in self._read(query, values):
            if not is_as_written(row, stored):
                raise self._damaged(table, *row)
            yield tuple(row)

    def _damaged(self, table: str, *row: Any) -> StorageError:
        what = NAMED[table].format(*row)
        return StorageError(f"The ledger {self.path} is damaged: {what} was changed.")

    def keep(self, key: str, record: Unit, *, origin: str = "") -> None:
        """Record a finished unit under its key; a second one under the same key is an error.

        Raises KeyError for a key that is taken and StorageError where the disk says no.
        """
        try:
            self._write(_KEEP, _unit_row(key, record, origin))
        except sqlite3.IntegrityError as error:
            raise KeyError(key) from error

    def keep_all(self, units: Mapping[str, Unit], *, origin: str = "") -> None:
        """Record many units at once, all or none; those that are there already stay as they are."""
        rows = [_unit_row(key, unit, origin) for key, unit in units.items()]
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(_KEEP.replace("INSERT", "INSERT OR IGNORE"), rows)
        except sqlite3.DatabaseError as error:
            raise StorageError(f"The ledger {self.path} cannot be written: {error}.") from error

    def get(self, kind: str, key: str) -> Any | None:
        """The unit of a kind under a key, or None."""
        for row in self.rows("units", "WHERE kind = ? AND key = ?", kind, key):
            if row[:2] != (kind, key):  # a damaged index leads to another row
                raise self._damaged("units", kind, key)
            return decode(kind, row[2])
        return None

    def all(self, kind: str) -> dict[str, Any]:
        """Every unit of a kind, by key."""
        found = self.rows("units", "WHERE kind = ?", kind)
        return {key: decode(kind, payload) for _, key, payload, *_ in found}

    def units(self, kind: str, keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Those of some units that are here."""
        for key in keys:
            unit = self.get(kind, key)
            if unit is not None:
                yield key, unit

    def origin(self, kind: str, key: str) -> str:
        """Whence a unit came; empty for what was made for this ledger, and for what is not here."""
        query = "SELECT origin FROM units WHERE kind = ? AND key = ?"
        return "".join(origin for (origin,) in self._read(query, (kind, key)))

    def keys(self, kind: str) -> set[str]:
        """The keys of every unit of a kind."""
        return {key for (key,) in self._read("SELECT key FROM units WHERE kind = ?", (kind,))}

    def attempt(self, kind: str, key: str, outcome: str, *, note: str = "") -> None:
        """Write down that a unit was tried, and how that ended; never overwritten."""
        row = (kind, key, outcome, note, moment())
        self._write(
            "INSERT INTO attempts (kind, key, outcome, note, at, checksum) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (*row, checksum(*row)),
        )

    def intend(self, key: str, action: str) -> str:
        """Write down an action that costs money before it is done; returns its token."""
        token = uuid.uuid4().hex
        row = (token, key, action, moment(), None, None)
        self._write("INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, checksum(*row)))
        return token

    def settle(self, token: str, answer: Mapping[str, str]) -> None:
        """Write down how an intended action ended; what is told later adds to it."""
        for *intended, told, _ in self.rows("intents", "WHERE token = ?", token):
            known = json.loads(told) if told else {}
            end = (json.dumps(known | dict(answer), sort_keys=True), moment())
            self._write(
                "UPDATE intents SET answer = ?, settled_at = ?, checksum = ? WHERE token = ?",
                (*end, checksum(*intended, *end), token),
            )

    def state(self, name: str, value: Any) -> None:
        """Write down a fact about the run, as JSON; the newest counts."""
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
        values = (name, text, checksum(name, text))
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", values)

    def fact(self, name: str) -> Any | None:
        """What was stated last, or None."""
        for _, value in self.rows("facts", "WHERE name = ?", name):
            return json.loads(value)
        return None

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


_KEEP = f"INSERT INTO units ({CHECKED['units']}, checksum) VALUES (?, ?, ?, ?, ?, ?)"


def _unit_row(key: str, unit: Unit, origin: str) -> tuple[str | bytes, ...]:
    row = (kind_of(unit), key, encode(unit), origin, moment())
    return (*row, checksum(*row))
