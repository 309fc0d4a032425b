"""Finished units by content, shared by all runs of a user on this machine.

A folder with one ledger of units and one folder per trained model. Nothing in it is trusted:
units carry checksums and model folders a manifest, and what is damaged is as good as not there.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from ftbench.errors import StorageError

from .codec import Unit
from .drafts import clear_shared, copy_folder, draft_of, drafting, put_folder
from .manifest import MANIFEST, is_whole, write_manifest
from .store import Ledger

DEFAULT_GIGABYTES = 20.0


def cache_folder() -> Path | None:
    """Where the cache is: FTBENCH_CACHE or the user's cache folder; None for FTBENCH_CACHE=off."""
    chosen = os.environ.get("FTBENCH_CACHE", "")
    if chosen == "off":
        return None
    return Path(chosen) if chosen else user_cache_path("ftbench")


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedModel:
    """One trained model in the cache."""

    key: str
    folder: Path
    size: int
    """In bytes."""
    used: float
    """When it was last stored or taken, in seconds since 1970."""


class StageCache:
    """Opened by each process for itself; safe between processes."""

    def __init__(self, folder: Path) -> None:
        """Open the cache, and make it for the owner alone if it is not there."""
        self.folder = folder
        self.models_folder = folder / "models"
        try:
            self.models_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            self._drafts = clear_shared(self.models_folder)
        except OSError as error:
            raise StorageError(
                f"The cache {folder} cannot be used: {error.strerror}. "
                "Set FTBENCH_CACHE to another folder, or to off."
            ) from error
        self._ledger = self._opened()

    def _opened(self) -> Ledger:
        """The ledger of units; a damaged one is set aside, for it holds nothing but copies."""
        path = self.folder / "units.sqlite"
        try:
            return Ledger(path)
        except StorageError:
            return self._begun_anew(path)

    def _begun_anew(self, path: Path) -> Ledger:
        path.replace(path.with_suffix(".damaged"))
        for leftover in self.folder.glob("units.sqlite-*"):
            leftover.unlink(missing_ok=True)
        return Ledger(path)

    def units(self, kind: str, keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Those of the units that are here and whole."""
        for key in keys:
            try:
                unit = self._ledger.get(kind, key)
            except StorageError:
                self._forget(kind, key)
                continue
            if unit is not None:
                yield key, unit

    def origin(self, kind: str, key: str) -> str:
        """By whom a unit that is here was made."""
        return self._ledger.origin(kind, key)

    def add(self, units: Mapping[str, Unit], *, origin: str) -> None:
        """Store units; those that are here already stay as they are."""
        if units:
            try:
                self._ledger.keep_all(units, origin=origin)
            except StorageError:
                self._set_aside()
                self._ledger.keep_all(units, origin=origin)

    def _forget(self, kind: str, key: str) -> None:
        """Drop a damaged unit; where not even that works, the whole ledger is set aside."""
        try:
            self._ledger.forget(kind, key)
        except StorageError:
            self._set_aside()

    def _set_aside(self) -> None:
        self._ledger.close()
        self._ledger = self._begun_anew(self._ledger.path)

    def has_model(self, key: str) -> bool:
        """Whether a folder of weights is here; ``take_model`` tells whether it is whole."""
        return (self.models_folder / key).exists()

    def add_model(self, key: str, folder: Path) -> None:
        """Store a trained model's folder, whole or not at all."""
        place = self.models_folder / key
        if place.exists() or not folder.is_dir():
            return
        making = draft_of(place)
        try:
            with drafting(self.models_folder):
                copy_folder(folder, making)
                write_manifest(making)
                making.rename(place)
        except OSError as error:
            shutil.rmtree(making, ignore_errors=True)
            if not place.exists():
                raise StorageError(
                    f"The cache {self.folder} cannot be written: {error.strerror}. "
                    "`ftbench cache prune` makes room; FTBENCH_CACHE=off goes without."
                ) from error

    def take_model(self, key: str, folder: Path) -> bool:
        """Put a stored model's folder into a run; False where it is not here, or damaged."""
        place = self.models_folder / key
        if not place.is_dir():
            return False
        if not is_whole(place):
            with suppress(FileNotFoundError):  # another process was quicker
                place.rename(self.models_folder / f".{key}.damaged.{os.getpid()}")
            return False
        try:
            put_folder(place, folder, without=MANIFEST)
            (place / MANIFEST).touch()
        except OSError:
            if (place / MANIFEST).is_file():
                raise
            return False  # another process has pruned it meanwhile
        return True

    def models(self) -> list[CachedModel]:
        """The stored models, those not used for the longest time first."""
        found = []
        for folder in self.models_folder.iterdir():
            manifest = folder / MANIFEST
            if not folder.name.startswith(".") and manifest.is_file():
                size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
                used = manifest.stat().st_mtime
                found.append(CachedModel(key=folder.name, folder=folder, size=size, used=used))
        return sorted(found, key=lambda model: model.used)

    def unit_counts(self) -> dict[str, int]:
        """How many units of each kind are here."""
        kinds = ("finetune", "response", "verdict")
        return {kind: len(self._ledger.keys(kind)) for kind in kinds}

    def size(self) -> int:
        """Of everything in the cache, in bytes."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def prune(self, limit: int) -> list[str]:
        """Remove models, the longest unused first, then all units, until ``limit`` bytes are left.

        Returns what was removed, in words.
        """
        removed: list[str] = []
        self._drafts += clear_shared(self.models_folder)
        if self._drafts:
            removed.append(f"{self._drafts} half-written models")
            self._drafts = 0
        for leftover in self.models_folder.glob(".*.damaged.*"):
            shutil.rmtree(leftover, ignore_errors=True)
            removed.append("a damaged model")
        for model in self.models():
            if self.size() <= limit:
                return removed
            shutil.rmtree(model.folder, ignore_errors=True)
            self._ledger.forget("finetune", model.key)
            removed.append(f"the model {model.key[:12]} ({model.size / 1e6:.1f} MB)")
        if self.size() > limit:
            removed.append(f"{sum(self.unit_counts().values())} units")
            self._ledger.forget_all()
        return removed

    def close(self) -> None:
        """Keep within the size that FTBENCH_CACHE_GB allows, and let go."""
        limit = float(os.environ.get("FTBENCH_CACHE_GB", DEFAULT_GIGABYTES)) * 1e9
        self.prune(int(limit))
        self._ledger.close()
