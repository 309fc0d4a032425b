"""Where a judge is asked for its card: what is judged stays when it is stopped half-way."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ftbench.digest import digest
from ftbench.errors import StorageError
from ftbench.ledger.budget import Budget
from ftbench.ledger.lock import RunLock
from ftbench.ledger.store import Ledger, moment
from ftbench.records import Question, Response, Verdict
from ftbench.roles import Judge
from ftbench.stages.budgets import made_budget
from ftbench.stages.folder import RunFolder
from ftbench.stages.watch import Watch
from ftbench.stages.workroom import Workroom

_MODELS = "answered by"
"""The fact that names the models behind a judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One response that the judge is to judge, under a key of its own."""

    key: str
    question: Question
    text: str


class Sitting:
    """A private folder beside the cards; it goes when the card is finished.

    No verdict comes from the cache of runs: a judge that is asked again really is.
    """

    def __init__(
        self,
        folder: Path,
        *,
        watch: Watch,
        stopping: Callable[[], bool] = lambda: False,
        budget: Budget | None = None,
    ) -> None:
        """Open or reopen it. Raises Busy where another process makes the same card."""
        private = folder / "private"
        try:
            private.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageError(f"The folder {private} cannot be made: {error.strerror}.") from error
        lock = RunLock(private / "run.lock")
        self._watch = watch
        self._room = Workroom(
            folder=RunFolder(path=folder, ledger=Ledger(private / "ledger.sqlite"), lock=lock),
            others=(),
            cache=None,
            told=watch.progress,
            stopping=stopping,
            noted=watch.note,
            budget=budget or made_budget(None, None),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go; what is finished is cleared away, what was interrupted stays."""
        self._room.folder.close()
        if error is None:
            shutil.rmtree(self._room.folder.path)

    @property
    def began(self) -> str:
        """When the judge was first asked, in UTC."""
        ledger = self._room.folder.ledger
        if ledger.fact("started") is None:
            ledger.state("started", moment())
        return str(ledger.fact("started"))

    def verdicts(
        self, judge: Judge, cases: Sequence[Case], *, stage: str, time: int = 1
    ) -> Mapping[str, Verdict]:
        """The judge's word on each case, by the key of the case; asked anew for each ``time``.

        Raises what the judge raises, Stopped, and PluginError where it leaves some out.
        """
        ledger, keys = self._room.folder.ledger, {case.key: _key(case, time) for case in cases}
        done = ledger.keys("verdict")
        left = [case for case in cases if keys[case.key] not in done]
        self._watch.begin(stage, f"{len(left)} responses")
        if left:
            wanted = {keys[case.key]: keys[case.key] for case in left}
            desk = self._room.desk(f"judge {judge.name!r}", "verdict", wanted, judge=judge.name)
            asked = replace(judge)
            try:
                asked.judge([(case.question, _response(case, time)) for case in left], desk)
            finally:
                self._note_models(getattr(asked, "answered_by", ()))
            self._room.check_done(desk)
        self._watch.end(f"{len(left)} verdicts")
        known = ledger.all("verdict")
        return {key: known[own] for key, own in keys.items()}

    @property
    def answered_by(self) -> tuple[str, ...]:
        """The models that have answered, as their service reports them; none where it does not."""
        return tuple(self._room.folder.ledger.fact(_MODELS) or ())

    def _note_models(self, names: Iterable[str]) -> None:
        known = sorted({*self.answered_by, *names})
        self._room.folder.ledger.state(_MODELS, known)


def _response(case: Case, time: int) -> Response:
    return Response(key=_key(case, time), outcome="ok", text=case.text)


def _key(case: Case, time: int) -> str:
    return digest("card", time, case.key, case.question.instruction, case.text)
