"""What providers keep for a run, and an end to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftbench.errors import UsageError
from ftbench.hosted.finetuning import HostedBackend, Thing
from ftbench.ledger.desk import LedgerDesk
from ftbench.ledger.intents import intents
from ftbench.ledger.lock import RunLock
from ftbench.ledger.store import Ledger, moment
from ftbench.plugin.catalog import Catalog
from ftbench.roles import Backend
from ftbench.stages.folder import BACKEND_FACT

from .opening import LEDGER, LOCK, check_is_run, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one provider keeps that is ours."""

    backend: Backend
    things: Sequence[Thing]
    """Empty too where the backend cannot tell."""


def kept(folder: Path, catalog: Catalog) -> Kept | None:
    """What the provider of a run keeps; None for a run that has none. Changes nothing."""
    with opened(folder) as run:
        backend = _backend(run.ledger.fact(BACKEND_FACT), catalog)
    if backend is None:
        return None
    try:
        return Kept(backend=backend, things=_things(backend))
    finally:
        backend.release()


def clean(folder: Path, catalog: Catalog, *, everything: bool = False) -> Kept | None:
    """Remove what is billed, or everything of ours; returns what was there.

    What is under way is cancelled. Raises Busy while the run goes on.
    """
    with _for_writing(folder) as ledger:
        backend = _backend(ledger.fact(BACKEND_FACT), catalog)
        if backend is None:
            return None
        try:
            things = _things(backend)
            backend.clean_up(_desk(folder, backend))
            if everything and isinstance(backend, HostedBackend):
                _remove(backend, [thing for thing in things if not thing.is_billed])
        finally:
            backend.release()
        gone = {thing.id for thing in things if everything or thing.is_billed}
        _settle(ledger, gone)
        return Kept(backend=backend, things=[thing for thing in things if thing.id in gone])


@contextmanager
def _for_writing(folder: Path) -> Iterator[Ledger]:
    check_is_run(folder)
    lock = RunLock(folder / LOCK)
    ledger = Ledger(folder / LEDGER)
    try:
        yield ledger
    finally:
        ledger.close()
        lock.release()


def _backend(stated: Any, catalog: Catalog) -> Backend | None:
    """The backend that a run was begun with; None for one that sends no bill."""
    if not stated:
        return None
    offer = catalog.components["backend"].get(str(stated["name"]))
    if offer is None:
        raise UsageError(f"The backend {stated['name']!r} of this run is not installed.")
    if offer.thing.service is Backend.service:
        return None
    backend: Backend = offer.thing(**stated["settings"])
    return backend


def _things(backend: Backend) -> Sequence[Thing]:
    if not isinstance(backend, HostedBackend):
        return ()
    return list(backend.calls().safe(lambda: backend.connected().keeps()))


def _remove(backend: HostedBackend, things: Sequence[Thing]) -> None:
    for thing in things:
        backend.calls().safe(lambda thing=thing: backend.connected().remove(thing))  # type: ignore[misc]


def _desk(folder: Path, backend: Backend) -> LedgerDesk:
    return LedgerDesk(
        folder=folder / "private",
        worker=f"backend {backend.name!r}",
        kind="finetune",
        slots={},
        told=lambda *done, **values: None,
    )


def _settle(ledger: Ledger, gone: set[str]) -> None:
    """Write down that what was deployed is removed, and what was under way called off."""
    for intent in intents(ledger):
        answer = intent.answer or {}
        if answer.get("id") in gone and "removed" not in answer:
            ledger.settle(intent.token, {"removed": moment()})
        if answer.get("job") in gone and not {"void", "end"} & answer.keys():
            ledger.settle(intent.token, {"void": "cancelled by cleanup", "end": "cancelled"})
