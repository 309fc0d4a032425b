"""Work that is finished already, here or elsewhere: this machine's cache, and one that many share.

What is found in the shared one is put into this machine's own; what is given is given to both.
Whatever is finished is in the ledger of its run first, so a shared cache that goes away costs no
result: whoever only computes goes on without it, is told so, and the same command shares later.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ftbench.errors import StorageError
from ftbench.records import FineTune

from .cache import StageCache, cache_folder
from .codec import Unit
from .shared.models import SharedModels, has_weights
from .shared.place import Place, opened_place, shared_address
from .shared.units import KINDS, SharedUnits
from .store import Ledger

LASTING = ("trained", "ok", "truncated", "scored", "unparsable", "empty")
"""Outcomes that would come out the same again; others are never shared between runs."""
Made = TypeVar("Made", bound=Unit)
_MEANWHILE = {
    "read": "Meanwhile everything is done here.",
    "written": "Meanwhile the run goes on; the same command shares later what it finished.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A fine-tune that is finished, and where it was made."""

    finetune: FineTune
    origin: str


@dataclass(kw_only=True)
class FinishedWork:
    """Where the runs of one command find what is finished, and put what they finish."""

    local: StageCache | None
    place: Place | None
    told: Callable[[str], None] = lambda text: None
    """Gets what the user should read."""
    pays: bool = False
    """Who pays must not go on without the shared cache: what is there would be paid for again."""

    def __post_init__(self) -> None:
        self._units = SharedUnits(self.place) if self.place else None
        self._models = SharedModels(self.place) if self.place else None
        self._has_told: set[str] = set()

    def units(self, kind: str, keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Unit]]]:
        """Those of the units that are finished, in portions, each with where it was made."""
        missing = set(keys)
        if self.local is not None:
            here = _by_origin(kind, self.local.units(kind, missing), self.local.origin)
            for made_by, found in here.items():
                missing -= found.keys()
                yield f"cache ({made_by})", found
        for made_by, found in self._shared_units(kind, missing):
            if self.local is not None:
                self.local.add(found, origin=made_by)
            yield f"shared cache ({made_by})", found

    def _shared_units(self, kind: str, keys: set[str]) -> list[tuple[str, dict[str, Unit]]]:
        gathered: list[tuple[str, dict[str, Unit]]] = []
        if self._units is not None:
            with self._unless_away("read"):
                for made_by, found in self._units.units(kind, keys):
                    gathered.append((made_by, lasting(found)))
        return gathered

    def add(self, units: Mapping[str, Unit], *, origin: str) -> None:
        """Give what a run has finished to every later one; only what lasts is taken."""
        given = lasting(units)
        if self.local is not None:
            self.local.add(given, origin=origin)
        if self._units is not None and given:
            with self._unless_away("written"):
                self._units.add(given, made_by=_here(origin))

    def take_finetune(self, key: str, folder: Path) -> Finished | None:
        """A fine-tune that is finished, its weights put into a folder where it has any."""
        return self._local_finetune(key, folder) or self._shared_finetune(key, folder)

    def _local_finetune(self, key: str, folder: Path) -> Finished | None:
        if self.local is None:
            return None
        for _, found in self.local.units("finetune", [key]):
            brings = found.outcome in LASTING and has_weights(found)
            if brings and not self.local.take_model(key, folder):
                return None
            origin = f"cache ({self.local.origin('finetune', key)})"
            return Finished(finetune=found, origin=origin) if found.outcome in LASTING else None
        return None

    def _shared_finetune(self, key: str, folder: Path) -> Finished | None:
        found = None
        if self._models is not None:
            with self._unless_away("read"):
                found = self._models.take(key, folder)
        if found is None:
            return None
        if self.local is not None and not self.local.has_model(key):
            self.local.add_model(key, folder)
            self.local.add({key: found.finetune}, origin=found.made_by)
        return Finished(finetune=found.finetune, origin=f"shared cache ({found.made_by})")

    def add_finetune(self, finetune: FineTune, folder: Path, *, origin: str) -> None:
        """Give a fine-tune and its weights to every later run."""
        if finetune.outcome not in LASTING:
            return
        if self.local is not None:
            self.local.add_model(finetune.key, folder)
            self.local.add({finetune.key: finetune}, origin=origin)
        if self._models is not None:
            with self._unless_away("written"):
                self._models.add(finetune, folder, made_by=_here(origin))

    def share_rest(self, ledger: Ledger, models: Path, *, run: str) -> None:
        """Share what a run has and the shared cache lacks: what it could not, or was cut off at."""
        if self._units is None or self._models is None:
            return
        with self._unless_away("written", again=True):
            for kind in KINDS:
                lacked = lasting(
                    dict(ledger.units(kind, self._units.lacking(kind, ledger.keys(kind))))
                )
                for made_by, some in _by_origin(kind, lacked.items(), ledger.origin).items():
                    self._units.add(some, made_by=_here(made_by or run))
            own = lasting(ledger.all("finetune"))
            for key in self._models.lacking(own):
                made_by = _here(ledger.origin("finetune", key) or run)
                self._models.add(own[key], models / key, made_by=made_by)

    @contextmanager
    def _unless_away(self, done: str, *, again: bool = False) -> Iterator[None]:
        """Go on where the shared cache cannot be used, and say so once."""
        try:
            yield
        except StorageError as error:
            if self.pays and done == "read":
                raise
            if again or done not in self._has_told:
                self.told(f"{error} {_MEANWHILE[done]}")
            self._has_told.add(done)

    def close(self) -> None:
        """Let go of this machine's cache."""
        if self.local is not None:
            self.local.close()


def finished_work(
    *, told: Callable[[str], None] = lambda text: None, pays: bool = False
) -> FinishedWork | None:
    """What FTBENCH_CACHE and FTBENCH_SHARED_CACHE name; None where both are off.

    Raises StorageError where one of them is out of reach, UsageError for what cannot be one.
    """
    folder, address = cache_folder(), shared_address()
    if folder is None and not address:
        return None
    place = opened_place(address) if address else None
    local = StageCache(folder) if folder else None
    return FinishedWork(local=local, place=place, told=told, pays=pays)


def lasting(units: Mapping[str, Made]) -> dict[str, Made]:
    """Those of some units that would come out the same again."""
    return {key: unit for key, unit in units.items() if unit.outcome in LASTING}


def _by_origin(
    kind: str, units: Iterable[tuple[str, Unit]], origin: Callable[[str, str], str]
) -> dict[str, dict[str, Unit]]:
    portions: dict[str, dict[str, Unit]] = {}
    for key, unit in units:
        portions.setdefault(origin(kind, key), {})[key] = unit
    return portions


def _here(run: str) -> str:
    return f"{run} on {socket.gethostname()}"
