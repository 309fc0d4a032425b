"""What several runs want judged by one judge, asked in one call: each answer once, in one batch.

A judge that is a model is loaded once for a whole sweep. A judge that may send a bill is left to
each run, whose ledger says what was paid for it. So is whatever this leaves undone.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ftbench.digest import digest
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.records import Question, Response
from ftbench.roles import Judge

from .bench import Bench, Work
from .jointly import distinct_ledgers
from .judge import answers_for
from .panel import KnownJudge, known_judges


@dataclass(kw_only=True)
class _Wanted:
    """The answers that one judge is to judge, and the runs that want each verdict."""

    name: str
    judge: KnownJudge
    answers: dict[str, tuple[Question, Response]] = field(default_factory=dict)
    works: dict[str, list[Work]] = field(default_factory=dict)

    def wanting(self) -> list[Work]:
        """Every run that wants something, once."""
        return list({id(work): work for some in self.works.values() for work in some}.values())


def judge_jointly(bench: Bench, works: Sequence[Work]) -> None:
    """Have judged what no ledger has, of all runs that have one judge under one name."""
    runs = {id(work.folder.ledger): work for work in works}  # two of one plan are one run
    for wanted in _wanted(bench, list(runs.values())):
        if len(wanted.wanting()) > 1:
            if wanted.judge.judge.needs:
                for work in works:
                    bench.backend(work).release()
            _judge(bench, wanted)


def _wanted(bench: Bench, works: Sequence[Work]) -> list[_Wanted]:
    found: dict[tuple[str, str], _Wanted] = {}
    for work in works:
        ledger, room = work.folder.ledger, bench.room(work)
        responses = ledger.all("response")
        for name, judge in known_judges(_free(work), bench.catalog).items():
            one = found.setdefault((name, digest(judge.who)), _Wanted(name=name, judge=judge))
            answers = answers_for(work.sheets, responses, judge.who)
            missing = answers.keys() - ledger.keys("verdict")
            missing -= room.take("verdict", missing)
            for key in (key for key in answers if key in missing):
                one.answers.setdefault(key, answers[key])
                one.works.setdefault(key, []).append(work)
    return list(found.values())


def _free(work: Work) -> dict[str, Judge]:
    judges = work.cell.config.judge.items()
    return {name: judge for name, judge in judges if judge.service() is None}


def _judge(bench: Bench, wanted: _Wanted) -> None:
    """One call; a verdict goes to the ledger of every run that wants it.

    Whose fault it is that something is left undone shows when each run does its own.
    """
    works = wanted.works
    desk = LedgerDesk(
        folder=wanted.wanting()[0].folder.private,
        worker=f"judge {wanted.name!r}",
        kind="verdict",
        slots={key: Slot(key=key, ledgers=distinct_ledgers(works[key])) for key in works},
        told=bench.watch.progress,
        asked_to_stop=bench.stopping,
        noted=bench.watch.note,
        judge=wanted.name,
        budget=bench.budget,
    )
    asked = [(q, replace(r, key=key)) for key, (q, r) in wanted.answers.items()]
    with suppress(Exception):
        wanted.judge.judge.judge(asked, desk)
    _share(bench, wanted, desk.kept)


def _share(bench: Bench, wanted: _Wanted, kept: set[str]) -> None:
    """Count each verdict as its runs' own, and give it to the cache once."""
    firsts: dict[int, tuple[Work, set[str]]] = {}
    for key in kept:
        for work in wanted.works[key]:
            work.anew.add("judge")
        first = wanted.works[key][0]
        firsts.setdefault(id(first), (first, set()))[1].add(key)
    for first, keys in firsts.values():
        bench.room(first).give("verdict", keys)
