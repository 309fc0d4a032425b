"""Reads a file of JSON lines strictly: what is wrong is named with its file and line."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from ftbench.errors import DataError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors put before UTF-8; it is no part of the first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One object of a data file, and where it stands."""

    file: str
    """The file as the user typed it, or the id of a set on the hub."""
    line: int
    fields: Mapping[str, Any]
    counted: str = "line"
    """What ``line`` counts: the lines of a file, or the rows of a set without lines."""

    @property
    def origin(self) -> str:
        """Where it comes from, without the folders of this machine."""
        return f"{Path(self.file).name}:{self.line}"

    def fault(self, what: str) -> DataError:
        """The error that says what is wrong with this row."""
        return DataError(f"{self.file}, {self.counted} {self.line}: {what}")


def read_lines(path: str) -> tuple[Row, ...]:
    """Read every row of a file of JSON objects, one a line; lines of white space are skipped.

    Raises DataError for a file that is missing, empty or not UTF-8, and for a line that is not
    one JSON object with distinct keys and finite numbers.
    """
    rows = tuple(_rows(path, _read_bytes(path)))
    if not rows:
        raise DataError(f"{path} is empty: it must hold one JSON object a line.")
    return rows


def read_array(path: str) -> tuple[Row, ...]:
    """Read a file that is one JSON array of objects. Raises DataError as ``read_lines`` does."""
    first = Row(file=path, line=1, fields={})
    value = _parsed(_read_bytes(path), first)
    if not isinstance(value, list) or not value:
        raise DataError(f"{path} must be a JSON array with at least one object.")
    return numbered_rows(path, value)


def numbered_rows(source: str, values: Iterable[Any]) -> tuple[Row, ...]:
    """Rows of a set that has no lines, counted from 1. Raises DataError for what is no object."""
    rows = []
    for number, value in enumerate(values, start=1):
        row = Row(file=source, line=number, fields={}, counted="row")
        if not isinstance(value, dict):
            raise row.fault(f"is {json_type(value)}, not an object.")
        rows.append(replace(row, fields=value))
    return tuple(rows)


def _read_bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes().removeprefix(_BYTE_ORDER_MARK)
    except FileNotFoundError:
        raise DataError(
            f"There is no file {path}. A relative path starts at the folder you are in."
        ) from None
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} cannot be read: {words}.") from None


def _rows(path: str, content: bytes) -> Iterator[Row]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield _row(path, number, line)


def _row(path: str, number: int, line: bytes) -> Row:
    blank = Row(file=path, line=number, fields={})
    value = _parsed(line, blank)
    if not isinstance(value, dict):
        raise blank.fault(f"holds {json_type(value)}; write one JSON object a line.")
    return replace(blank, fields=value)


def _parsed(content: bytes, blank: Row) -> Any:
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_constant=_not_json,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise blank.fault("is not UTF-8; save the file as UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg.lower()} at column {error.colno}"
        raise blank.fault(f"is not JSON: {where}. Write one JSON object a line.") from None
    except RecursionError:
        raise blank.fault("is nested too deeply.") from None
    except ValueError as error:
        raise blank.fault(f"cannot be used: {error}.") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {shown(key)} occurs twice in one object")
        found[key] = value
    return found


def _not_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


_TYPES = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def json_type(value: Any) -> str:
    """What a value is called in JSON, for messages to the user."""
    return _TYPES.get(type(value), type(value).__name__)


def shown(word: str) -> str:
    """A short word of a file, safe to print: quoted, cut at 40 characters."""
    return ascii(word if len(word) <= 40 else f"{word[:40]}...")  # noqa: PLR2004, a line's worth
