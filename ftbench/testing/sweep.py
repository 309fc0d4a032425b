"""Searches everything that was written for texts that must not be there, however they are coded."""

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

_DEEPEST = 5
_BASE64_SHORTEST = 8
_SQLITE = b"SQLite format 3\0"
_PARQUET = b"PAR1"
_ROLLBACK = b"\1\1"
"""What a SQLite file's header says instead of write-ahead logging, so that bytes can be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Where a sentinel was found, without repeating it."""

    sentinel: str
    """Its name."""
    form: str
    place: str
    """A file; members of archives and rows of tables follow after exclamation marks."""


def occurrences(
    folders: Iterable[Path], sentinels: Mapping[str, str], *, window: int | None = None
) -> list[Occurrence]:
    """Every place below the folders, or in single files, that holds a sentinel.

    File names count. Text is searched raw, escaped, in base64, URL-encoded and in hexadecimal; and
    inside gzip, bz2, xz, zlib, zip, tar, SQLite and Parquet. With a ``window`` a part of that many
    characters is enough.
    """
    needles = [
        (name, form, coded)
        for name, text in sentinels.items()
        for part in _parts(text, window)
        for form, coded in _forms(part)
    ]
    found = {
        Occurrence(sentinel=name, form=form, place=place)
        for folder in folders
        for place, content in _everything(Path(folder))
        for name, form, coded in needles
        if coded in content
    }
    return sorted(found, key=lambda one: (one.place, one.sentinel, one.form))


def _parts(text: str, window: int | None) -> list[str]:
    """Pieces of half a window: each window of the text holds one of them whole."""
    if window is None:
        return [text]
    half = window // 2
    return [text[start : start + half] for start in range(0, len(text) - half + 1, half)]


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    content = text.encode()
    yield "raw", content
    yield "utf-16", text.encode("utf-16-le")
    yield "hexadecimal", content.hex().encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "Python", repr(text)[1:-1].encode()
    yield "HTML", html.escape(text).encode()
    for coded in {quote(text, safe=""), quote(text), quote_plus(text)}:
        yield "URL", coded.encode()
    for offset, unstable in enumerate((0, 2, 3)):
        stable = 8 * (offset + len(content)) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded_64 = encode(b"\0" * offset + content)[unstable:stable]
            if len(coded_64) >= _BASE64_SHORTEST:
                yield "base64", coded_64


def _everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every name and content at or below a folder."""
    for path in [folder, *sorted(folder.rglob("*"))]:
        yield f"{path} (its name)", path.name.encode(errors="surrogateescape")
        if path.is_file():
            yield from _unpacked(str(path), path.read_bytes(), _DEEPEST)


def _unpacked(place: str, content: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    yield place, content
    if depth:
        for inner, member in _members(content):
            yield from _unpacked(f"{place}!{inner}", member, depth - 1)


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    for begins, unpack in _UNPACKERS:
        if content.startswith(begins):
            yield from unpack(content)
    if content[257:262] == b"ustar":
        yield from _tar(content)


def _stream(decompress: Callable[[bytes], bytes]) -> Callable[[bytes], Iterator[tuple[str, bytes]]]:
    def unpack(content: bytes) -> Iterator[tuple[str, bytes]]:
        try:
            yield "", decompress(content)
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
            return  # it only began like one

    return unpack


def _zip(content: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name, name.encode() + b"\n" + archive.read(name)
                yield name, archive.read(name)
    except zipfile.BadZipFile:
        return


def _tar(content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            yield member.name, file.read() if file else b""


def _sqlite(content: bytes) -> Iterator[tuple[str, bytes]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(content[:18] + _ROLLBACK + content[20:])
        tables = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE sql > ''")]
        for table in tables:
            for number, row in enumerate(connection.execute(f'SELECT * FROM "{table}"')):
                for cell in row:
                    coded = cell.encode() if isinstance(cell, str) else cell
                    if isinstance(coded, bytes):
                        yield f"{table}!{number}", coded
    except sqlite3.DatabaseError:
        return  # damaged; its bytes have been searched as they are
    finally:
        connection.close()


def _parquet(content: bytes) -> Iterator[tuple[str, bytes]]:
    from pyarrow import parquet  # type: ignore[import-untyped]  # noqa: PLC0415, slow

    for number, row in enumerate(parquet.read_table(io.BytesIO(content)).to_pylist()):
        yield str(number), "\n".join(map(str, row.values())).encode()


_UNPACKERS: tuple[tuple[bytes, Callable[[bytes], Iterator[tuple[str, bytes]]]], ...] = (
    (b"\x1f\x8b", _stream(gzip.decompress)),
    (b"BZh", _stream(bz2.decompress)),
    (b"\xfd7zXZ", _stream(lzma.decompress)),
    (b"\x78", _stream(zlib.decompress)),
    (b"PK", _zip),
    (_SQLITE, _sqlite),
    (_PARQUET, _parquet),
)
