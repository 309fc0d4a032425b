"""Where shared work lies: FTBENCH_SHARED_CACHE names a folder or the URL of a storage service."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from ftbench.errors import FtbenchError, StorageError, UsageError
from ftbench.redaction import Redactor, known_secrets, looks_like_secret

VARIABLE = "FTBENCH_SHARED_CACHE"
MARKER, FORMAT = "ftbench-shared-cache", b"1"
"""A file that says in which format the others are; put there by the first who comes."""
PIECE = 1 << 23
AT_ONCE = 32
"""How many small files are on their way at a time: each is a round trip."""
_LONGEST_REASON = 300

Item = TypeVar("Item")
Made = TypeVar("Made")


class Place(Protocol):
    """Files by name in folders one level deep. What fails raises StorageError, in one sentence."""

    address: str

    def files(self, folder: str) -> dict[str, int]:
        """The size of each file in a folder, by name; nothing where there is no such folder."""

    def read(self, path: str, size: int) -> bytes | None:
        """A file's content; None where it is not there or has another size."""

    def pieces(self, path: str) -> Iterator[bytes]:
        """A large file piece by piece; no piece where it is not there."""

    def write(self, path: str, content: bytes) -> None:
        """Put a small file, whole or not at all where the place can do that."""

    def upload(self, file: Path, path: str) -> None:
        """Put a large file of this machine."""

    def modified(self, path: str) -> float | None:
        """When a file was put, in seconds since 1970; None where it is not there."""

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""


def shared_address() -> str:
    """Where finished work is shared; empty where it is not.

    Raises UsageError for an address that holds a secret, and for one that cannot be used.
    """
    address = os.environ.get(VARIABLE, "").strip()
    if address == "off" or not address:
        return ""
    try:
        parts = urlsplit(address)
        has_password = parts.password is not None
    except ValueError:
        raise UsageError(
            "FTBENCH_SHARED_CACHE is no folder and no URL. Write s3://BUCKET/PREFIX."
        ) from None
    if has_password or looks_like_secret(address) or "?" in address:
        raise UsageError(
            "FTBENCH_SHARED_CACHE holds a password, a key or options. Give the address alone: the "
            "library of the storage reads credentials from its own variables and files, such as "
            "AWS_ACCESS_KEY_ID and ~/.aws."
        )
    if "::" in address:
        raise UsageError(
            "FTBENCH_SHARED_CACHE names one address inside another. Give the inner one alone."
        )
    return address


def opened_place(address: str) -> Place:
    """The place at an address, proven to be there and of our format.

    Raises UsageError for an address that nobody can read, StorageError for a place out of reach.
    """
    from .folder import Folder  # noqa: PLC0415, both need this module

    protocol, separator, path = address.partition("://")
    if not separator or protocol in ("file", "local"):
        place: Place = Folder(Path(path if separator else address).expanduser())
    else:
        from .service import Service  # noqa: PLC0415, both need this module

        place = Service(address)
    _check_format(place)
    return place


def _check_format(place: Place) -> None:
    found = place.read(MARKER, len(FORMAT))
    if found is None and place.files("").get(MARKER) is None:
        place.write(MARKER, FORMAT)
    elif found != FORMAT:
        raise StorageError(
            f"The shared cache {place.address} was made by another version of ftbench. Use that "
            "version, or set FTBENCH_SHARED_CACHE to an empty place."
        )


@contextmanager
def speaking(address: str, done: str) -> Iterator[None]:
    """What a storage library raises meanwhile comes out as a sentence without secrets."""
    try:
        yield
    except FtbenchError:
        raise
    except Exception as error:  # noqa: BLE001, every storage library has errors of its own
        raise StorageError(
            f"The shared cache {address} cannot be {done}: {_reason(error)}. Check that it can be "
            "reached (ftbench doctor), or unset FTBENCH_SHARED_CACHE to go without."
        ) from None


def _reason(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    line = " ".join(Redactor(known_secrets())(str(said)).split())
    return line.rstrip(".")[:_LONGEST_REASON]


def concurrently(
    call: Callable[[Item], Made], items: Iterable[Item], *, at_once: int = AT_ONCE
) -> list[Made]:
    """The results for all items, in order; whatever one raises is raised."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(call, items))
