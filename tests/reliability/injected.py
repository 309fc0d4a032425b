"""Row 2: the system kills, or says no, at a chosen call; strace makes it do so."""

import re
import shutil
import signal
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from .forks import Child, command_run, fork, in_parallel
from .kills import undisturbed
from .oracle import Contents, differences, lost, run_in, units_of
from .report import Row, Scale

KILL = "signal=KILL"
FAULTS = (
    *(("fdatasync", KILL), ("fsync", KILL), ("rename", KILL)),
    *((call, f"error={no}") for no in ("ENOSPC", "EIO") for call in ("pwrite64", "write")),
    *(("fdatasync", "error=EIO"), ("fsync", "error=EIO")),
)
"""What is done to which call."""
NAMED = re.compile(r"No space left|disk is full|Input/output error|disk I/O error", re.IGNORECASE)
"""How a message says what happened, in Python's words or in SQLite's."""
TO_A_STREAM = re.compile(r"write\([12], .*INJECTED")
"""Where the message itself could not be said."""
TRACE = "trace.txt"
PROMISE = "kill, ENOSPC or EIO at any call: never a silent success, always resumable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The ``nth`` of a call, and what is done to it."""

    call: str
    fault: str
    nth: int

    def __str__(self) -> str:
        return f"{self.fault} at {self.call} {self.nth}"


@dataclass(kw_only=True)
class Found:
    """What came of one injected fault."""

    fired: bool = False
    code: int = 0
    traceback: str = ""
    """Its last line, where the fault was shown as one."""
    failures: list[str] = field(default_factory=list)


def traced(child: Child, *options: str) -> "subprocess.Popen[str]":
    """Attach strace to a fork that waits, let it begin, and follow its main thread."""
    command = ["strace", "-p", str(child.pid), "-o", str(child.folder / TRACE), *options]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    if "attached" not in strace.stderr.readline():
        child.begin()
        child.wait()
        raise PermissionError("strace may not attach to a process here")
    child.begin()
    return strace


def counts(place: Path) -> Counter[str]:
    """How often a run makes each of the calls."""
    calls = ",".join(sorted({call for call, _ in FAULTS}))
    child = fork(command_run, place, waits=True)
    strace = traced(child, "-e", f"trace={calls}")
    code = child.wait()
    strace.communicate()
    if code:
        raise RuntimeError(f"The traced run ended with {code}: {child.said}")
    made = (place / TRACE).read_text(errors="replace").splitlines()
    return Counter(line.partition("(")[0] for line in made)


def points(made: Counter[str], scale: Scale) -> list[Point]:
    """Places spread evenly over all calls of each kind."""
    found = []
    for call, fault in FAULTS[:: scale.fault_step]:
        most = scale.call_kills if fault == KILL else scale.faults
        number = min(most, made[call])
        places = [1 + (place * made[call]) // number for place in range(number)]
        found += [Point(call=call, fault=fault, nth=nth) for nth in places]
    return found


def tried(point: Point, *, place: Path, reference: Contents) -> Found:
    """Run into one fault, look what is said, and run again."""
    own = place / f"{point.call}-{point.fault.partition('=')[2]}-{point.nth}"
    child = fork(command_run, own, waits=True)
    inject = f"inject={point.call}:{point.fault}:when={point.nth}"
    strace = traced(child, "-e", f"trace={point.call}", "-e", inject)
    found = Found(code=child.wait())
    strace.communicate()
    trace = (own / TRACE).read_text(errors="replace")
    found.fired = "INJECTED" in trace or found.code == -signal.SIGKILL
    if "Traceback" in child.said and not TO_A_STREAM.search(trace):
        found.traceback = f"{point}: {child.said.strip().splitlines()[-1]}"
    kept = units_of(run_in(own))
    found.failures = _said(found, trace, child.said)
    if found.fired and found.code == 0 and (wrong := differences(own, reference)):
        found.failures.append(f"it ended with 0, but {wrong[0]}")
    again = fork(command_run, own)
    if code := again.wait():
        found.failures.append(f"the same command ended with {code}: {again.said[-300:]}")
    else:
        found.failures += differences(own, reference)
    found.failures += lost(kept, units_of(run_in(own)))
    found.failures = [f"{point}: {each}" for each in found.failures]
    shutil.rmtree(own)
    return found


def _said(found: Found, trace: str, said: str) -> list[str]:
    if found.code <= 0 or TO_A_STREAM.search(trace):
        return []
    return [] if NAMED.search(said) else [f"nothing says what happened: {said[-300:]}"]


def row(place: Path, scale: Scale) -> Row:
    """Every fault at up to so many places."""
    found = Row(number=2, promise=PROMISE)
    if shutil.which("strace") is None:
        found.skipped = "strace is not installed"
        return found
    reference = undisturbed(place).contents
    try:
        made = counts(place / "counted")
    except PermissionError as error:
        found.skipped = str(error)
        return found
    every = points(made, scale)
    work = partial(tried, place=place, reference=reference)
    tries = in_parallel(work, every)
    found.planned, found.fired = len(every), sum(one.fired for one in tries)
    found.failures = [each for one in tries for each in one.failures]
    codes = Counter(str(one.code) for one in tries if one.fired)
    tracebacks = [one.traceback for one in tries if one.traceback]
    found.table = {"calls": dict(made), "exit codes": dict(codes), "tracebacks": tracebacks}
    silent = sum(one.fired and one.code == 0 for one in tries)
    ended = ", ".join(f"{code} {times}" for code, times in sorted(codes.items()))
    found.said = (
        f"exit codes: {ended}; 0 only where the run was whole ({silent}); "
        f"{len(tracebacks)} shown as a traceback"
    )
    return found
