"""Whether a ledger is whole by itself: the database, and every row by its checksum."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError
from ftbench.ledger.codec import KINDS, decode
from ftbench.ledger.seal import SEAL, lost_rows
from ftbench.ledger.store import checksum

from .damage import RESTORE, Damage
from .opening import LEDGER, ReadOnlyLedger, connect

MOST = 20
"""How many damaged rows are named; more are counted."""
_SHOWN = 16
"""How much of a key is shown: enough to find the row."""


def ledger_damages(folder: Path) -> list[Damage]:
    """Everything that is wrong with a run's ledger; the texts in it are never quoted."""
    path = folder / LEDGER
    if not path.is_file() or not path.stat().st_size:
        what = "is empty" if path.exists() else "is not there"
        return [Damage(file=LEDGER, wrong=what, remedy=RESTORE)]
    try:
        ReadOnlyLedger(path).close()
        with closing(connect(path)) as reading:
            reading.text_factory = bytes
            said = list(_database(reading)) or list(_rows(reading))
    except StorageError:
        said = ["is damaged or of another version: this ftbench cannot open it"]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        said = [f"is damaged: SQLite says {type(error).__name__}"]
    beyond = [f"has {len(said) - MOST} more such rows"] if len(said) > MOST else []
    return [Damage(file=LEDGER, wrong=what, remedy=RESTORE) for what in said[:MOST] + beyond]


def _database(reading: sqlite3.Connection) -> Iterator[str]:
    for (line,) in reading.execute("PRAGMA integrity_check(3)"):
        if line != b"ok":
            yield f"is damaged: {line.decode(errors='replace').splitlines()[0]}"


def _rows(reading: sqlite3.Connection) -> Iterator[str]:
    for kind, key, payload, stored in reading.execute(
        "SELECT kind, key, payload, checksum FROM units ORDER BY kind, key"
    ):
        if not _is_unit(kind, key, payload, stored):
            yield f"holds a {_shown(kind)} that was changed: {_shown(key)}"
    for name, value, stored in reading.execute("SELECT name, value, checksum FROM facts"):
        if not _is_as_written((name, value), stored):
            yield f"holds a fact that was changed: {_shown(name)}"
        elif name.decode() == SEAL:
            yield from lost_rows(reading, json.loads(value))


def _is_unit(kind: Any, key: Any, payload: Any, stored: Any) -> bool:
    if not _is_as_written((kind, key, payload), stored) or kind.decode() not in KINDS:
        return False
    try:
        decode(kind.decode(), payload.decode())
    except StorageError:
        return False
    return True


def _is_as_written(texts: tuple[Any, ...], stored: Any) -> bool:
    try:
        return bool(checksum(*(text.decode() for text in texts)) == stored)
    except (AttributeError, UnicodeDecodeError):
        return False


def _shown(text: Any) -> str:
    return text[:_SHOWN].decode(errors="replace") if isinstance(text, bytes) else "?"
