"""Every error ftbench shows to its users, and the exit code each one ends the command with.

* FtbenchError
  x UsageError          a word of the command or a line of a file is wrong         2
    x PluginError       an installed plugin breaks the contract of its hook        2
    x DataError         a training file, task or model cannot be used as it is     2
  x AccessError         a gated model or data set needs the user's own token       2
  x ProviderRefused     a provider declined the data or the model                  3
  x BudgetError         going on would cost more than allowed                      4
  x CellsFailed         some runs of a sweep failed, the others are complete       5
  x GateFailed          the model lost more safety than the gate allows            6
  x NeedsHuman          only a person can tell how to go on                       65
  x StorageError        disk or memory is full, a file is damaged or unwritable   74
  x Busy                another process holds what we need; try again             75
  x Stopped             the user asked to stop; the same command goes on         130
"""

import errno
import os
from typing import ClassVar

DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class FtbenchError(Exception):
    """Written for the user: its message is shown alone, without a traceback."""

    exit_code: ClassVar[int] = 2


class UsageError(FtbenchError):
    """A word of the command, or a line of a file it names, is wrong."""


class PluginError(UsageError):
    """An installed plugin breaks the contract of its hook."""


class DataError(UsageError):
    """A training file, a task or a model cannot be used as it is."""


class AccessError(FtbenchError):
    """A gated model or data set was asked for without the right to read it."""


class ProviderRefused(FtbenchError):
    """A provider declined the data, the model or the account."""

    exit_code = 3

    def __init__(self, words: str, *, outcome: str = "refused_model") -> None:
        """Say what was refused, in the words of ``FineTune.outcome``."""
        super().__init__(words)
        self.outcome = outcome


class BudgetError(FtbenchError):
    """Going on would cost more than the user allowed."""

    exit_code = 4


class CellsFailed(FtbenchError):
    """Some runs of a sweep failed; the others are complete."""

    exit_code = 5


class GateFailed(FtbenchError):
    """The model lost more safety than the gate allows."""

    exit_code = 6


class NeedsHuman(FtbenchError):
    """What happened cannot be known from here, and guessing could cost money."""

    exit_code = 65


class StorageError(FtbenchError):
    """A disk or the memory is full, or a file is damaged; the same command resumes."""

    exit_code = 74


def machine_fault(error: BaseException) -> StorageError | None:
    """A full or failing disk, or too little memory, in words, whoever met it; None otherwise.

    A plugin's own words are left out: they may quote what it was reading.
    """
    if isinstance(error, MemoryError):
        return StorageError(
            "There is too little memory. Free some, or do less at once; what was finished is kept, "
            "and the same command goes on."
        )
    if not isinstance(error, OSError) or error.errno not in DISK_FAULTS:
        return None
    where = f" at {error.filename}" if error.filename else ""
    return StorageError(
        f"The disk says: {os.strerror(error.errno)}{where}. Make room or check it; what was "
        "finished is kept, and the same command goes on."
    )


class Busy(FtbenchError):
    """Another process holds what is needed; the same command works later."""

    exit_code = 75


class Stopped(FtbenchError):
    """The user asked to stop; what was finished is kept, and the same command goes on."""

    exit_code = 130
