"""How units travel: one pack for each time that some are given, and an index of what is in it.

A cell has some 330 responses and as many verdicts; a file for each would be ten thousand requests,
or files, for a sweep of sixteen. Packs and indexes are never changed, and are called by their
SHA-256, so many may write at once: what two machines both give lies there twice.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ftbench.errors import StorageError
from ftbench.ledger.codec import Unit, decode, encode
from ftbench.ledger.store import moment

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LARGEST_INDEX, LARGEST_PACK = 1 << 20, 1 << 26
"""Larger ones were not written here."""
_MOST_UNITS, _MOST_LETTERS = 2000, 1 << 24
_MARK = 16
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_ORIGIN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What is known of a pack before it is read."""

    kind: str
    made_by: str
    """The run that the units are of, and the machine."""
    made_at: str
    marks: str
    """What stands for the keys of all units, one after the other."""
    content: str
    """The SHA-256 of the pack, which is its name."""
    size: int

    @property
    def count(self) -> int:
        """How many units are in the pack."""
        return len(self.marks) // _MARK

    def marked(self, keys: Mapping[str, str]) -> set[str]:
        """Those of some keys, given by their marks, that are said to be in the pack."""
        places = range(0, len(self.marks), _MARK)
        return {keys[m] for p in places if (m := self.marks[p : p + _MARK]) in keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A pack and its index, ready to be put."""

    index: Index
    index_text: bytes
    content: bytes


def mark(key: str) -> str:
    """What stands for a key in an index, always of the same length; the pack has the key itself."""
    return named(key.encode())[:_MARK]


def named(content: bytes) -> str:
    """The name of a content: its SHA-256."""
    return hashlib.sha256(content).hexdigest()


def is_name(text: str) -> bool:
    """Whether a text can be the name of a content, and so no way to another folder."""
    return _DIGEST.fullmatch(text) is not None


def packed(kind: str, units: Mapping[str, Unit], *, made_by: str) -> Iterator[Packed]:
    """Units of one kind in packs of a size that fits into memory many times."""
    for some in _portions({key: encode(unit) for key, unit in units.items()}):
        content = _adapter(dict[str, str]).dump_json(some)
        index = Index(
            kind=kind,
            made_by=made_by,
            made_at=moment(),
            marks="".join(map(mark, some)),
            content=named(content),
            size=len(content),
        )
        yield Packed(index=index, index_text=_adapter(Index).dump_json(index), content=content)


def _portions(payloads: Mapping[str, str]) -> Iterator[dict[str, str]]:
    portion: dict[str, str] = {}
    letters = 0
    for key, payload in payloads.items():
        if portion and (len(portion) == _MOST_UNITS or letters + len(payload) > _MOST_LETTERS):
            yield portion
            portion, letters = {}, 0
        portion[key] = payload
        letters += len(payload)
    if portion:
        yield portion


def index_in(name: str, content: bytes | None, *, kind: str) -> Index | None:
    """The index that a file holds; None where it is damaged, or not what its name says."""
    if content is None or named(content) != name:
        return None
    found: Index | None = read_as(Index, content)
    if found is None or found.kind != kind or not is_name(found.content):
        return None
    return found if 0 < found.size <= LARGEST_PACK else None


def units_in(index: Index, content: bytes | None, keys: Sequence[str]) -> dict[str, Unit]:
    """Those of some units that are in a pack and whole; none where the pack is damaged."""
    if content is None or named(content) != index.content:
        return {}
    payloads = read_as(dict[str, str], content) or {}
    found: dict[str, Unit] = {}
    for key in keys:
        try:
            unit = decode(index.kind, payloads[key])
        except (KeyError, StorageError):
            continue
        if unit.key == key:
            found[key] = unit
    return found


def origin_of(made_by: str) -> str:
    """Where a unit was made, fit to be written down: anybody may have written it."""
    return "".join(letter for letter in made_by if letter.isprintable())[:_LONGEST_ORIGIN]


def read_as(shape: Any, content: bytes) -> Any | None:
    """What JSON holds, in a shape; None where it has another one."""
    from pydantic import ValidationError  # noqa: PLC0415, slow to import

    try:
        return _adapter(shape).validate_json(content)
    except ValidationError:
        return None


def as_json(shape: Any, value: Any) -> bytes:
    """A value of a shape as JSON."""
    return _adapter(shape).dump_json(value)


@cache
def _adapter(shape: Any) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415, slow to import

    return TypeAdapter(shape)
