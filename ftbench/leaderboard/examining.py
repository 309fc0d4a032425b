"""Checks strangers' submissions where they can do no harm: in processes of little room and time."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.context import BaseContext
from pathlib import Path

from .checking import Checked, check
from .entries import BoardEntry, board_entries
from .faults import MAKE_ANEW, Fault
from .rules import Rules

ROOM = 384 * 2**20
"""Bytes that a check may take beyond what the program itself needs."""
SECONDS = 30
"""Of processor time, for one submission."""
WORKERS = 2
_TOGETHER = 16
"""How many submissions a worker is given at once, where there are very many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One submission, checked, with its entries as a board shows them."""

    folder: str
    name: str
    faults: tuple[Fault, ...]
    entries: tuple[BoardEntry, ...]
    runs: int
    figures: int
    """How many claimed figures were counted again."""
    is_signed: bool


def examine(folder: Path, rules: Rules, *, is_thorough: bool) -> Examined:
    """Check one submission in this process. Never raises for what it holds."""
    _more_time()
    try:
        found = check(folder, rules, is_thorough=is_thorough)
        entries = board_entries(found, rules)
    except MemoryError:
        return _too_costly(folder)
    return _told(found, entries)


def _told(found: Checked, entries: Sequence[BoardEntry]) -> Examined:
    read = found.read
    claims = sum(len(entry.claims) for entry in read.figures.entries) if read else 0
    return Examined(
        folder=found.folder,
        name=read.submission.name if read else "",
        faults=found.faults,
        entries=tuple(entries),
        runs=len(read.runs) if read else 0,
        figures=claims,
        is_signed=found.is_signed,
    )


def examine_all(
    folders: Sequence[Path], rules: Rules, *, is_thorough: bool = True
) -> Iterator[Examined]:
    """Check submissions in other processes, in order; what breaks its process is told of."""
    work = partial(examine, rules=rules, is_thorough=is_thorough)
    done = 0
    chunk = _TOGETHER if len(folders) > _TOGETHER * WORKERS else 1
    try:
        with _pool(min(WORKERS, len(folders))) as pool:
            for found in pool.map(work, folders, chunksize=chunk):
                done += 1
                yield found
    except BrokenProcessPool:
        for folder in folders[done:]:
            yield _alone(work, folder)


def _alone(work: "partial[Examined]", folder: Path) -> Examined:
    try:
        with _pool(1) as pool:
            return pool.submit(work, folder).result()
    except BrokenProcessPool:
        return _too_costly(folder)


def _too_costly(folder: Path) -> Examined:
    wrong = f"takes more than {ROOM // 2**20} MiB or {SECONDS} seconds to check."
    fault = Fault(name="too costly", file=folder.name, wrong=wrong, fix=MAKE_ANEW)
    none = Checked(folder=folder.name, faults=(fault,))
    return replace(_told(none, ()), faults=none.faults)


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max(1, workers), mp_context=_context(), initializer=_limit)


def _context() -> BaseContext:
    """Processes that start from what is already imported, where the system can do that."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ftbench.leaderboard.examining", "scipy.stats"])
    return context


def _limit() -> None:
    """Take from this process what a check does not need: a terminal, room, files to write."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415, not on every system

    import scipy.stats  # noqa: F401, PLC0415, before there is too little room for it

    now = _room_taken()
    if now:
        resource.setrlimit(resource.RLIMIT_AS, (now + ROOM, now + ROOM))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _room_taken() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0
    import resource  # noqa: PLC0415, not on every system

    return pages * resource.getpagesize()


def _more_time() -> None:
    """Allow the next check its seconds, whatever earlier ones took."""
    if sys.platform == "win32" or multiprocessing.parent_process() is None:
        return
    import resource  # noqa: PLC0415, not on every system

    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    seconds = int(used.ru_utime + used.ru_stime) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
