"""How many processors this process may use, and what OpenMP is told of it before it is loaded."""

import math
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path, PurePosixPath

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def share_processors(environment: MutableMapping[str, str]) -> None:
    """Let OpenMP's threads sleep while they wait, and be as many as there are processors for them.

    Threads that wait awake starve their neighbours: a run beside any other took many times longer.
    Nobody gains from it here, so that it is not asked whether the environment says otherwise; how
    many threads there are is the user's, who may have set ``OMP_NUM_THREADS``.
    """
    environment["OMP_WAIT_POLICY"] = "PASSIVE"
    environment["KMP_BLOCKTIME"] = "0"
    environment.pop("GOMP_SPINCOUNT", None)
    environment.setdefault("OMP_NUM_THREADS", str(processors()))


def processors(groups: Path = _GROUPS, own_group: Path = _OWN_GROUP) -> int:
    """Those that this process may run on, and is given the time of by its control group."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:  # macOS and Windows have no affinity
        allowed = os.cpu_count() or 1
    return max(1, min([allowed, *_quotas(groups, own_group)]))


def _quotas(groups: Path, own_group: Path) -> Iterator[int]:
    """The processors' worth of time that each control group around this process may use."""
    yield from _quota_of(groups / "cpu/cpu.cfs_quota_us", groups / "cpu/cpu.cfs_period_us")
    own = [line.partition("::")[2] for line in _words(own_group) if line.startswith("0::")]
    path = PurePosixPath(own[0] if own else "/")
    for place in (path, *path.parents):
        yield from _quota_of(groups / place.relative_to("/") / "cpu.max")


def _quota_of(*files: Path) -> list[int]:
    """Of the quota and its period, in one file or two; none where time is not limited."""
    words = [word for file in files for word in _words(file)]
    try:
        quota, period = map(int, words)
    except ValueError:  # not there, or "max"
        return []
    return [math.ceil(quota / period)] if quota > 0 < period else []


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []
