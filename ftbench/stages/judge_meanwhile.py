"""Judges that are services begin while models still answer: neither waits for the other."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from .bench import Bench, Work
from .judge import have_judged
from .panel import KnownJudge, known_judges
from .respond import asking
from .sheet import Sheet

_LOOK_SECONDS = 1.0
_WORTH_A_CALL = 16
"""So many new answers are judged at once; the last ones are left to the stage that judges."""


@dataclass(kw_only=True)
class _Sitting:
    """One run whose answers are judged as they come."""

    work: Work
    judges: Mapping[str, KnownJudge]
    sheets: Sequence[Sheet]
    seen: int = 0
    is_over: bool = False


@contextmanager
def judged_meanwhile(bench: Bench) -> Iterator[None]:
    """Meanwhile, have answers judged by judges that are services, as the ledgers get them.

    Nothing depends on it: what is missing afterwards is judged by the stage that follows, which
    also meets, and tells of, whatever went wrong here.
    """
    sittings = list(_sittings(bench))
    if not sittings:
        yield
        return
    over = threading.Event()
    judging = threading.Thread(target=_judge, args=(bench, sittings, over), daemon=True)
    judging.start()
    try:
        yield
    finally:
        over.set()
        judging.join()


def _sittings(bench: Bench) -> Iterator[_Sitting]:
    for work in bench.works:
        if work.failure is not None:
            continue
        chosen = work.cell.config.judge.items()
        hosted = {name: judge for name, judge in chosen if judge.service() is not None}
        if hosted:
            sheets = [one.sheet for one in asking(work.plan, work.trained)]
            yield _Sitting(work=work, judges=known_judges(hosted, bench.catalog), sheets=sheets)


def _judge(bench: Bench, sittings: Sequence[_Sitting], over: threading.Event) -> None:
    while not over.wait(_LOOK_SECONDS) and not bench.stopping():
        for one in sittings:
            if not (one.is_over or over.is_set()):
                _judge_new(bench, one)


def _judge_new(bench: Bench, one: _Sitting) -> None:
    """Judge what a run has got since it was looked at; a fault is left to the stage that judges."""
    answered = len(one.work.folder.ledger.keys("response"))
    if answered < one.seen + _WORTH_A_CALL:
        return
    one.seen = answered
    room = replace(bench.room(one.work), told=lambda *_, **__: None)
    try:
        if have_judged(one.judges, room, one.sheets):
            one.work.anew.add("judge")
    except Exception:  # noqa: BLE001, the stage that judges meets it again and tells of it
        one.is_over = True
