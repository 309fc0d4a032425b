"""A shared place that is a folder, such as one of a network file system: no file is half there."""

import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ftbench.errors import StorageError
from ftbench.ledger.drafts import SUFFIX

from .place import PIECE, speaking


class Folder:
    """Written by many machines at once; who may read it is up to the folder and the umask."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that is there: one that is not may be a network folder not mounted."""
        self._folder = folder.absolute()
        self.address = str(folder)
        if not folder.is_dir():
            raise StorageError(
                f"The shared cache {folder} is no folder. Mount or make it, or unset "
                "FTBENCH_SHARED_CACHE to go without."
            )

    def files(self, folder: str) -> dict[str, int]:
        """The size of each file in a folder, by name."""
        found: dict[str, int] = {}
        with speaking(self.address, "read"):
            try:
                entries = list(os.scandir(self._folder / folder))
            except FileNotFoundError:
                self._check_mounted()
                return {}
            for entry in entries:
                try:
                    if entry.is_file():
                        found[entry.name] = entry.stat().st_size
                except FileNotFoundError:  # removed meanwhile, or a draft that has its name now
                    continue
        return found

    def _check_mounted(self) -> None:
        if not self._folder.is_dir():
            raise NotADirectoryError("the folder is gone")

    def read(self, path: str, size: int) -> bytes | None:
        """A file's content; None where it is not there or has another size."""
        with speaking(self.address, "read"):
            try:
                with (self._folder / path).open("rb") as file:
                    content = file.read(size + 1)
            except FileNotFoundError:
                self._check_mounted()
                return None
        return content if len(content) == size else None

    def pieces(self, path: str) -> Iterator[bytes]:
        """A large file piece by piece."""
        with speaking(self.address, "read"):
            try:
                file = (self._folder / path).open("rb")
            except FileNotFoundError:
                self._check_mounted()
                return
        with file:
            while True:
                with speaking(self.address, "read"):
                    piece = file.read(PIECE)
                if not piece:
                    return
                yield piece

    def write(self, path: str, content: bytes) -> None:
        """Put a small file, whole or not at all."""
        with speaking(self.address, "written"), self._appearing(path) as file:
            file.write(content)

    def upload(self, file: Path, path: str) -> None:
        """Put a large file of this machine, whole or not at all."""
        with (
            speaking(self.address, "written"),
            file.open("rb") as source,
            self._appearing(path) as target,
        ):
            shutil.copyfileobj(source, target, PIECE)

    @contextmanager
    def _appearing(self, path: str) -> Iterator[BinaryIO]:
        """A file that has its name only once it is whole; readable as the umask says."""
        place = self._folder / path
        self._check_mounted()
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{socket.gethostname()}.{uuid.uuid4().hex}{SUFFIX}")
        try:
            with draft.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def modified(self, path: str) -> float | None:
        """When a file was put, in seconds since 1970."""
        with speaking(self.address, "read"):
            try:
                return (self._folder / path).stat().st_mtime
            except FileNotFoundError:
                return None

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with speaking(self.address, "written"):
            (self._folder / path).unlink(missing_ok=True)
