"""Adapters trained at Together -> folders on this machine: whole or absent, looked through first.

Together packs an adapter as a tar, compressed by gzip or Zstandard, or not at all.
"""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import zstandard

from ftbench.errors import DataError
from ftbench.hosted.finetuning.calls import Calls
from ftbench.records import FineTune, FineTuneJob, Model
from ftbench_hf.durable import Damaged, appearing, facts_of, set_aside
from ftbench_hf.saving import adapter_at
from ftbench_hf.untrusted import refuse_unsafe_adapter

from .together_provider import TogetherProvider

_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_WANTED = ("adapter_config.json", "adapter_model.safetensors")
_LARGEST = 1 << 36
"""Bytes; an adapter is smaller by far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Fetches what one job has trained."""

    provider: TogetherProvider
    calls: Calls
    folder: Path

    def of(self, job: FineTuneJob, ended: FineTune) -> FineTune:
        """The fine-tune with its models on this machine. Raises DataError, StorageError, Busy."""
        models = tuple((epoch, self._here(job, epoch, model)) for epoch, model in ended.models)
        return replace(ended, models=models)

    def _here(self, job: FineTuneJob, epoch: int, model: Model) -> Model:
        place = self.folder / f"epoch_{epoch}"
        facts = {"model": model.location, "epoch": epoch}
        if not _is_whole(place, facts):
            with appearing(place, what="The fetched adapter", facts=facts) as draft:
                self._fetch(model.location, draft)
        return adapter_at(place, job.base)

    def _fetch(self, model: str, draft: Path) -> None:
        packed = draft / "packed"
        self.calls.safe(lambda: self.provider.download(model, packed))
        _unpack(packed, draft, model)
        packed.unlink()
        refuse_unsafe_adapter(draft)


def _is_whole(place: Path, facts: dict[str, object]) -> bool:
    if not place.exists():
        return False
    try:
        if facts_of(place) == facts:
            return True
        raise Damaged("it is another model's")
    except Damaged as reason:
        set_aside(place, str(reason))
        return False


def _unpack(packed: Path, folder: Path, model: str) -> None:
    """Take the two files of an adapter out of a tar, and nothing else."""
    found: set[str] = set()
    try:
        with _opened(packed) as stream, tarfile.open(fileobj=stream, mode="r|*") as archive:
            for member in archive:
                name = Path(member.name).name
                if member.isfile() and name in _WANTED and member.size < _LARGEST:
                    found.add(name)
                    archive.extract(member.replace(name=name, deep=False), folder, filter="data")
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise DataError(
            f"What Together sent for {model} is no archive of an adapter "
            f"({type(error).__name__}). The same command fetches it again."
        ) from None
    if missing := sorted(set(_WANTED) - found):
        raise DataError(f"The adapter {model} that Together sent lacks {', '.join(missing)}.")


@contextmanager
def _opened(packed: Path) -> Iterator[IO[bytes]]:
    with packed.open("rb") as file:
        is_zstandard = file.read(len(_ZSTANDARD)) == _ZSTANDARD
        file.seek(0)
        if not is_zstandard:
            yield file
            return
        with zstandard.ZstdDecompressor().stream_reader(file) as stream:
            yield stream
