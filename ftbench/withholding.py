"""Takes prompts, responses and rationales out of what an exception says, before anybody sees it.

A plugin may fail with a message that quotes what it was reading. The records that it was reading
are in the frames of the traceback; whatever the message shares with them is left out.
"""

import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

WITHHELD = "[withheld]"
WINDOW = 20
"""Characters in a row that count as a quotation."""

_PRIVATE = frozenset({"text", "reason", "instruction", "reference"})
"""The fields of records that hold what was asked, answered or thought of it."""
_DEEPEST = 8


def words_without_quotes(error: BaseException) -> str:
    """An exception as ``class: message (file, line)``, without quotations."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    message = f": {error}" if str(error) else ""
    return _masked(f"{type(error).__name__}{message}{place}", _texts_behind(error))


def traceback_without_quotes(error: BaseException) -> str:
    """An exception's whole traceback, without quotations."""
    return _masked("".join(traceback.format_exception(error)), _texts_behind(error))


def _masked(said: str, texts: Iterable[str]) -> str:
    starts = range(len(said) - WINDOW + 1)
    where: dict[str, list[int]] = {}
    for start in starts:
        where.setdefault(said[start : start + WINDOW], []).append(start)
    quoted: set[int] = set()
    for text in texts:
        for window in {text[i : i + WINDOW] for i in range(len(text) - WINDOW + 1)} & where.keys():
            quoted.update(place for s in where[window] for place in range(s, s + WINDOW))
    pieces = [
        ("" if place - 1 in quoted else WITHHELD) if place in quoted else letter
        for place, letter in enumerate(said)
    ]
    return "".join(pieces)


def _texts_behind(error: BaseException) -> set[str]:
    """The private texts in the frames of an exception and of those behind it."""
    found: set[str] = set()
    seen: set[int] = set()
    for one in _chain(error):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            for value in frame.f_locals.values():
                found.update(_texts_of(value, seen, _DEEPEST))
    return found | {repr(text)[1:-1] for text in found}


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = [error]
    for one in chain:
        behind = (one.__cause__, one.__context__)
        chain += [other for other in behind if other is not None and other not in chain]
    return chain


def _texts_of(value: Any, seen: set[int], depth: int) -> Iterator[str]:
    if not depth or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        inner: Iterable[Any] = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    elif is_dataclass(value) and type(value).__module__.startswith("ftbench."):
        held = {field.name: getattr(value, field.name, None) for field in fields(value)}
        private = (held[name] for name in held.keys() & _PRIVATE)
        yield from (text for text in private if isinstance(text, str) and len(text) >= WINDOW)
        inner = held.values()
    else:
        return
    for part in inner:
        yield from _texts_of(part, seen, depth - 1)
