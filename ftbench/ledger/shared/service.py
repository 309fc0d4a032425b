"""A shared place that is a storage service: whatever fsspec can reach, S3 through pyarrow."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftbench.errors import UsageError

from .place import PIECE, speaking

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]


class Service:
    """An object store shows an object once it is whole; other kinds may show half a file."""

    def __init__(self, address: str) -> None:
        """Get ready to ask; nothing is asked yet."""
        self.address = address
        self._files, self._root = _reached(address)

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}".rstrip("/")

    def files(self, folder: str) -> dict[str, int]:
        """The size of each file in a folder, by name."""
        with speaking(self.address, "read"):
            # fsspec's find() takes a service that is down for an empty one; ls() says so
            self._files.invalidate_cache()
            try:
                entries = self._files.ls(self._at(folder), detail=True)
            except FileNotFoundError:
                return {}
        return {
            str(entry["name"]).rpartition("/")[2]: int(entry["size"])
            for entry in entries
            if entry["type"] == "file"
        }

    def read(self, path: str, size: int) -> bytes | None:
        """A file's content; None where it is not there or has another size."""
        content = bytearray()
        for piece in self._pieces(path, size + 1):
            content += piece
            if len(content) > size:
                return None
        return bytes(content) if len(content) == size else None

    def pieces(self, path: str) -> Iterator[bytes]:
        """A large file piece by piece."""
        return self._pieces(path, PIECE)

    def _pieces(self, path: str, length: int) -> Iterator[bytes]:
        with speaking(self.address, "read"):
            try:
                file: Any = self._files.open(self._at(path), "rb")
            except FileNotFoundError:
                return
        with file:
            while True:
                with speaking(self.address, "read"):
                    piece = bytes(file.read(length))
                if not piece:
                    return
                yield piece

    def write(self, path: str, content: bytes) -> None:
        """Put a small file in one request."""
        with speaking(self.address, "written"):
            try:
                self._files.pipe_file(self._at(path), content)
            except FileNotFoundError:
                self._make_folder_of(path)
                self._files.pipe_file(self._at(path), content)

    def upload(self, file: Path, path: str) -> None:
        """Put a large file of this machine; one that ends early is not what its name says."""
        with speaking(self.address, "written"), file.open("rb") as source:
            try:
                target: Any = self._files.open(self._at(path), "wb")
            except FileNotFoundError:
                self._make_folder_of(path)
                target = self._files.open(self._at(path), "wb")
            with target:
                shutil.copyfileobj(source, target, PIECE)

    def _make_folder_of(self, path: str) -> None:
        """A file system behind a URL has real folders; an object store never gets here."""
        self._files.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)

    def modified(self, path: str) -> float | None:
        """When a file was put, in seconds since 1970."""
        with speaking(self.address, "read"):
            try:
                at = self._files.modified(self._at(path))
            except FileNotFoundError:
                return None
            return float(at.timestamp()) if at is not None else None

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with speaking(self.address, "written"), suppress(FileNotFoundError):
            self._files.rm_file(self._at(path))


def _reached(address: str) -> tuple["AbstractFileSystem", str]:
    """What speaks to the service, and the path of the address there."""
    protocol, _, path = address.partition("://")
    if protocol == "s3":
        path = path.strip("/")
        if not path:
            raise UsageError("FTBENCH_SHARED_CACHE names no bucket. Write s3://BUCKET/PREFIX.")
        with speaking(address, "opened"):
            return _s3(), path
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # noqa: PLC0415, slow

    with speaking(address, "opened"):
        return _with_its_library(url_to_fs, address)


def _with_its_library(url_to_fs: Any, address: str) -> tuple["AbstractFileSystem", str]:
    try:
        reached: tuple[AbstractFileSystem, str] = url_to_fs(address)
    except (ImportError, ValueError) as error:  # the library is not installed, or no such protocol
        raise UsageError(f"FTBENCH_SHARED_CACHE={address} cannot be used: {error}.") from None
    return reached


def _s3() -> "AbstractFileSystem":
    """S3 and its like, through the client that comes with pyarrow.

    s3fs would do too, but what it needs does not go together with a recent boto3.
    """
    from fsspec.implementations.arrow import (  # type: ignore[import-untyped]  # noqa: PLC0415
        ArrowFSWrapper,
    )
    from pyarrow.fs import S3FileSystem  # type: ignore[import-untyped]  # noqa: PLC0415, slow

    given = os.environ.get
    return ArrowFSWrapper(
        S3FileSystem(
            # the client reads credentials and region by itself, but not these two
            endpoint_override=given("AWS_ENDPOINT_URL_S3") or given("AWS_ENDPOINT_URL"),
            tls_ca_file_path=given("AWS_CA_BUNDLE"),
            allow_delayed_open=True,  # a small file is one request
        )
    )
