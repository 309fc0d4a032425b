"""Damages a copy of a run in every way disks and people do, and looks whether verify tells."""

import random
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftbench.archive.opening import LEDGER, LOCK
from ftbench.archive.parquet import PARQUET
from ftbench.archive.verify import verify

PAGE = 4096
TABLES = ("units", "facts", "attempts", "intents")
_SIDECARS = (f"{LEDGER}-wal", f"{LEDGER}-shm")
_NO_DAMAGE = {PARQUET: {"removal"}}
"""An export that a run need not have."""


@dataclass(kw_only=True)
class DamageReport:
    """What became of the rounds of a campaign."""

    rounds: int
    named: int = 0
    """The damaged file was named."""
    harmless: int = 0
    """Nothing was named, and every row and every file says what it said before."""
    silent: list[str] = field(default_factory=list)
    """What was damaged and neither named nor harmless: always empty, or verify is wrong."""
    by_damage: Counter[str] = field(default_factory=Counter)
    """How many rounds each kind of damage had."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A copy of a run that can be made good again."""

    folder: Path
    contents: Mapping[str, bytes]
    """By name, each file that belongs to the run."""
    rows: list[tuple[Any, ...]]

    def is_as_before(self) -> bool:
        """Whether every row and every other file says what it said."""
        others = self.contents.keys() - {LEDGER, *_SIDECARS}
        if not all(_is_same(self.folder / name, self.contents[name]) for name in others):
            return False
        try:
            return _rows(self.folder) == self.rows
        except (sqlite3.Error, UnicodeDecodeError):
            return False

    def make_good(self, name: str) -> None:
        """Put the damaged file back, and the ledger's sidecars with it."""
        for sidecar in _SIDECARS:
            (self.folder / sidecar).unlink(missing_ok=True)
        for file in {name, LEDGER, *_SIDECARS} & self.contents.keys():
            (self.folder / file).write_bytes(self.contents[file])


def damage_campaign(folder: Path, rounds: int, seed: int) -> DamageReport:
    """Damage a copy of a finished, whole run, one thing a round; every second one in the ledger.

    The run itself is not touched. Same seed, same damage.
    """
    dice, report, began = random.Random(seed), DamageReport(rounds=rounds), time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        copy = _copied(folder, Path(place) / folder.name)
        ledgers = sorted({LEDGER, _SIDECARS[0]} & copy.contents.keys())
        others = sorted(copy.contents.keys() - {LEDGER, *_SIDECARS})
        for _ in range(rounds):
            name = dice.choice(ledgers if dice.random() < 1 / 2 else others)
            known = {**FILE_DAMAGES, **(ROW_DAMAGES if name == LEDGER else {})}
            kind = dice.choice(sorted(known.keys() - _NO_DAMAGE.get(name, set())))
            known[kind](copy.folder / name, dice)
            report.by_damage[kind] += 1
            _judge(copy, name, kind, report)
            copy.make_good(name)
    report.seconds = time.perf_counter() - began
    return report


def _judge(copy: _Copy, name: str, kind: str, report: DamageReport) -> None:
    wanted = LEDGER if name in _SIDECARS else name
    found = {damage.file for damage in verify(copy.folder).damages}
    if wanted in found or any(wanted.startswith(f"{file}/") for file in found):
        report.named += 1
    elif not found and copy.is_as_before():
        report.harmless += 1
    else:
        report.silent.append(f"{kind} of {name}: {', '.join(sorted(found)) or 'nothing'} was named")


def _is_same(path: Path, content: bytes) -> bool:
    """Whether a file says what it said; of Parquet the table counts, not the bytes around it."""
    if not path.is_file():
        return False
    found = path.read_bytes()
    if found == content or path.suffix != ".parquet":
        return found == content
    from pyarrow import (  # type: ignore[import-untyped]  # noqa: PLC0415, slow to import
        BufferReader,
        parquet,
    )

    tables = [parquet.read_table(BufferReader(each)) for each in (found, content)]
    return bool(tables[0].equals(tables[1]))


def _copied(folder: Path, target: Path) -> _Copy:
    shutil.copytree(folder, target)
    files = {p.relative_to(target).as_posix(): p for p in target.rglob("*") if p.is_file()}
    contents = {
        name: path.read_bytes()
        for name, path in files.items()
        if name not in (LOCK, _SIDECARS[1]) and not path.name.startswith(".")
    }
    copy = _Copy(folder=target, contents=contents, rows=_rows(target))
    copy.make_good(LEDGER)
    if damages := verify(target).damages:
        raise ValueError(f"{folder} is damaged already: {damages[0]}")
    return copy


def _rows(folder: Path) -> list[tuple[Any, ...]]:
    """Everything that a ledger says."""
    with closing(sqlite3.connect(folder / LEDGER)) as ledger:
        ledger.text_factory = bytes
        return [
            (table, *row)
            for table in TABLES
            for row in ledger.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        ]


def _cut(path: Path, dice: random.Random) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(dice.randrange(size))


def _flip(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def _zero(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start = PAGE * dice.randrange(-(-len(content) // PAGE))
    length = min(PAGE, len(content) - start)
    content[start : start + length] = bytes(length)
    path.write_bytes(content)


def _remove(path: Path, dice: random.Random) -> None:
    path.unlink()


def _swap_lines(path: Path, dice: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    path.write_bytes(b"".join(lines))


def _delete_row(path: Path, dice: random.Random) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as ledger:
        table, row = _any_row(ledger, dice)
        ledger.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))


def _swap_rows(path: Path, dice: random.Random) -> None:
    """Let two units of a kind change places, checksums and all."""
    columns = "payload, checksum, origin, kept_at"
    with closing(sqlite3.connect(path, isolation_level=None)) as ledger:
        rows = ledger.execute(f"SELECT kind, rowid, {columns} FROM units ORDER BY rowid").fetchall()
        one = dice.choice(rows)
        other = dice.choice([row for row in rows if row[0] == one[0]])
        for place, content in ((one[1], other[2:]), (other[1], one[2:])):
            values = "payload = ?, checksum = ?, origin = ?, kept_at = ?"
            ledger.execute(f"UPDATE units SET {values} WHERE rowid = ?", (*content, place))


def _change_row(path: Path, dice: random.Random) -> None:
    """Replace one character somewhere in a row."""
    with closing(sqlite3.connect(path, isolation_level=None)) as ledger:
        table, row = _any_row(ledger, dice)
        names = [line[1] for line in ledger.execute(f"PRAGMA table_info({table})")]
        column = dice.choice([name for name in names if name not in ("id", "checksum")])
        query = f"SELECT {column} FROM {table} WHERE rowid = ?"
        (text,) = ledger.execute(query, (row,)).fetchone()
        place = dice.randrange(len(text) + 1) if text else 0
        changed = f"{(text or '')[:place]}#{(text or '')[place + 1 :]}"
        ledger.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, row))


def _any_row(ledger: sqlite3.Connection, dice: random.Random) -> tuple[str, int]:
    filled = [t for t in TABLES if ledger.execute(f"SELECT 1 FROM {t} LIMIT 1").fetchone()]
    table = dice.choice(filled)
    rows = ledger.execute(f"SELECT rowid FROM {table} ORDER BY rowid").fetchall()
    return table, dice.choice(rows)[0]


FILE_DAMAGES: Mapping[str, Callable[[Path, random.Random], None]] = {
    "cut": _cut,
    "flipped bit": _flip,
    "zeroed page": _zero,
    "removal": _remove,
    "swapped lines": _swap_lines,
}
ROW_DAMAGES: Mapping[str, Callable[[Path, random.Random], None]] = {
    "deleted row": _delete_row,
    "swapped rows": _swap_rows,
    "changed row": _change_row,
}
