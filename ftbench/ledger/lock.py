"""One writer at a time: a lock that never outlives its process, and says who holds it."""

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from ftbench.errors import Busy, StorageError

from .store import moment

LOOKS, LOOK_SECONDS = 10, 0.01
"""How long a look at a lock may keep it from being taken."""


class RunLock:
    """Held from the moment it is made until ``release``, or until the process ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises Busy, naming host, pid and start, where another process has it."""
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"The lock {path} cannot be made: {error.strerror}.") from error
        if not _taken(self._descriptor):
            os.close(self._descriptor)
            raise Busy(_busy(path))
        text = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": moment()})
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)
        except OSError as error:
            self.release()
            raise StorageError(f"The lock {path} cannot be written: {error.strerror}.") from error
        os.register_at_fork(after_in_child=self.release)

    def release(self) -> None:
        """Let go; in a forked child, let go of the child's share only."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _taken(descriptor: int) -> bool:
    """Take a lock, with patience for somebody who only looks whether it is held."""
    for _ in range(LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(LOOK_SECONDS)
        else:
            return True
    return False


def holder(path: Path) -> dict[str, Any] | None:
    """Who holds a lock now: host, pid and since; None where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _written(path)
    finally:
        os.close(descriptor)
    return None


def _busy(path: Path) -> str:
    who = _written(path)
    by = f"process {who['pid']} on {who['host']} since {who['since']}" if who else "another process"
    return f"{path.parent.parent} is being written by {by}. Wait for it, or stop it."


def _written(path: Path) -> dict[str, Any]:
    try:
        written: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return written if {"host", "pid", "since"} <= written.keys() else {}
