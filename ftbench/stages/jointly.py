"""What several runs need of one backend, asked in one call; what that leaves undone each run does.

A sweep over one base is mostly the same work: a backend that sees all of it at once can train
adapters side by side and have them answer in one batch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from ftbench.ledger.codec import Unit
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.ledger.store import Ledger
from ftbench.records import FineTune, FineTuneJob, Request
from ftbench.roles import Backend

from .bench import Bench, Work
from .respond import asking
from .sheet import state_sheets
from .workroom import relocated

Asked = TypeVar("Asked", FineTuneJob, Request)


@dataclass(kw_only=True)
class _JobsDesk(LedgerDesk):
    """Files each fine-tune where the models of its own run lie."""

    jobs: Mapping[str, FineTuneJob] = field(default_factory=dict)
    models: Mapping[str, Path] = field(default_factory=dict)

    def keep(self, record: Unit) -> None:
        """Record a fine-tune; the weights lie in the run's folder already, behind a link."""
        if isinstance(record, FineTune) and record.key in self.jobs:
            record = relocated(record, self.jobs[record.key], self.models[record.key])
        super().keep(record)


def fine_tune_jointly(bench: Bench, works: Sequence[Work]) -> None:
    """Train what no ledger has, of all runs of a backend that gains from seeing it together."""
    for backend, sharing in _by_backend(bench, works):
        missing: dict[str, Work] = {}
        for work in sharing:
            job = None if work.plan.hardening else work.plan.job
            if job and job.key not in missing and not bench.room(work).take_finetune(job):
                missing[job.key] = work
        if len(missing) > 1:
            _train(bench, backend, missing)


def _train(bench: Bench, backend: Backend, works: Mapping[str, Work]) -> None:
    jobs = {key: work.plan.job for key, work in works.items() if work.plan.job is not None}
    models = {key: bench.room(work).models for key, work in works.items()}
    with _links(models) as folder:

        def train(some: Sequence[FineTuneJob]) -> None:
            some = [
                job for job in some if job.key not in works[job.key].folder.ledger.keys("finetune")
            ]
            slots = {
                job.key: Slot(key=job.key, ledgers=(works[job.key].folder.ledger,)) for job in some
            }
            desk = _JobsDesk(
                folder=folder,
                worker=f"backend {backend.name!r}",
                kind="finetune",
                slots=slots,
                told=bench.watch.progress,
                asked_to_stop=bench.stopping,
                noted=bench.watch.note,
                budget=bench.budget,
                jobs=jobs,
                models=models,
            )
            try:
                backend.fine_tune(some, desk)
            finally:
                for key in desk.kept:
                    works[key].anew.add("finetune")
                    made: FineTune = works[key].folder.ledger.get("finetune", key)  # type: ignore[assignment]
                    bench.room(works[key]).give_finetune(made)

        for key, work in works.items():
            work.folder.ledger.attempt("finetune", key, "begun")
        _halving(bench, list(jobs.values()), train)


def respond_jointly(bench: Bench, works: Sequence[Work]) -> None:
    """Ask what no ledger has, of all runs of a backend that gains from seeing it together."""
    for backend, sharing in _by_backend(bench, works):
        requests: dict[str, Request] = {}
        ledgers: dict[str, list[Work]] = {}
        for work in sharing:
            room = bench.room(work)
            asked = asking(work.plan, work.trained)
            # Whoever looks meanwhile sees what was answered.
            state_sheets(work.folder.ledger, [one.sheet for one in asked])
            wanted = {key: request for one in asked for key, request in one.requests.items()}
            missing = wanted.keys() - work.folder.ledger.keys("response")
            missing -= room.take("response", missing)
            requests |= {key: wanted[key] for key in wanted if key in missing}
            for key in missing:
                ledgers.setdefault(key, []).append(work)
        if len({id(work) for some in ledgers.values() for work in some}) > 1:
            _ask(bench, backend, requests, ledgers)


def _ask(
    bench: Bench,
    backend: Backend,
    requests: Mapping[str, Request],
    works: Mapping[str, Sequence[Work]],
) -> None:
    kept: set[str] = set()

    def ask(some: Sequence[Request]) -> None:
        some = [each for each in some if each.key not in kept]
        slots = {
            each.key: Slot(key=each.key, ledgers=distinct_ledgers(works[each.key])) for each in some
        }
        first = works[some[0].key][0]
        desk = LedgerDesk(
            folder=first.folder.private,
            worker=f"backend {backend.name!r}",
            kind="response",
            slots=slots,
            told=bench.watch.progress,
            asked_to_stop=bench.stopping,
            noted=bench.watch.note,
            budget=bench.budget,
        )
        try:
            backend.respond(some, desk)
        finally:
            kept.update(desk.kept)
            given: dict[int, tuple[Work, set[str]]] = {}
            for key in desk.kept:
                for work in works[key]:
                    work.anew.add("respond")
                given.setdefault(id(works[key][0]), (works[key][0], set()))[1].add(key)
            for work, keys in given.values():
                bench.room(work).give("response", keys)

    _halving(bench, list(requests.values()), ask)


def distinct_ledgers(works: Sequence[Work]) -> tuple[Ledger, ...]:
    """Each once: two runs of one plan share theirs."""
    return tuple({id(work.folder.ledger): work.folder.ledger for work in works}.values())


def _halving(bench: Bench, asked: Sequence[Asked], call: Callable[[Sequence[Asked]], None]) -> None:
    """Ask for all; where a fault keeps that from being done, for each half.

    The one that is to blame stays undone: its own run meets the fault again, and tells of it.
    """
    try:
        call(asked)
    except Exception:  # noqa: BLE001, whose fault it is shows when each run does its own
        if len(asked) > 1 and not bench.stopping():
            middle = len(asked) // 2
            _halving(bench, asked[:middle], call)
            _halving(bench, asked[middle:], call)


def _by_backend(bench: Bench, works: Sequence[Work]) -> Iterator[tuple[Backend, list[Work]]]:
    found: dict[int, tuple[Backend, list[Work]]] = {}
    for work in works:
        backend = bench.backend(work)
        if backend.gains_from_many:
            found.setdefault(id(backend), (backend, []))[1].append(work)
    yield from (each for each in found.values() if len(each[1]) > 1)


@contextmanager
def _links(models: Mapping[str, Path]) -> Iterator[Path]:
    """A folder in which each key leads to the place of its model in its own run."""
    with TemporaryDirectory(prefix="ftbench-") as folder:
        for key, place in models.items():
            (place / key).mkdir(parents=True, exist_ok=True)
            (Path(folder) / key).symlink_to(place.resolve() / key, target_is_directory=True)
        try:
            yield Path(folder)
        finally:
            for key, place in models.items():
                (Path(folder) / key).unlink()
                if not any((place / key).iterdir()):
                    (place / key).rmdir()
