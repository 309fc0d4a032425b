"""The models that a job keeps, one for each wanted epoch; those found whole are not made again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ftbench.records import FineTune, FineTuneJob, Model

from .adapter_kinds import is_adapter
from .durable import Damaged, facts_of, remove_drafts, set_aside
from .loading import Loaded
from .saving import adapter_at, save_adapter, save_whole, whole_at

Applied = tuple[tuple[str, str], ...]


class Keeping:
    """The epoch_N folders of one job; ``origin`` says of which job and made in which way."""

    def __init__(self, job: FineTuneJob, folder: Path, *, origin: Mapping[str, str]) -> None:
        """Find what an earlier attempt has kept; what is not whole is renamed."""
        self._job = job
        self._folder = folder
        self._origin = dict(origin)
        self._is_adapter = is_adapter(job.method)
        self.wanted = sorted({*(e for e in job.keep if 1 <= e <= job.epochs), int(job.epochs)})
        self._models: dict[int, Model] = {}
        self._applied: Applied = ()
        remove_drafts(folder)
        for epoch in self.wanted:
            self._find(epoch)

    @property
    def missing(self) -> int:
        """How many models there are still to keep."""
        return len(self.wanted) - len(self._models)

    def is_missing(self, epoch: int) -> bool:
        """Whether the model of an epoch is wanted and not there."""
        return epoch in self.wanted and epoch not in self._models

    def has_all_before(self, epoch: int) -> bool:
        """Whether each wanted model of the epochs before one is there."""
        return all(each in self._models for each in self.wanted if each < epoch)

    def keep(self, trained: Loaded, epoch: int, *, applied: Applied) -> None:
        """Keep the model of an epoch, unless it is there."""
        self._applied = applied
        if epoch not in self._models:
            save = save_adapter if self._is_adapter else save_whole
            facts = self._facts(epoch) | {"applied": self._applied}
            self._models[epoch] = save(trained, self._job.base, self._place(epoch), facts=facts)

    def finished(self) -> FineTune | None:
        """The fine-tune, once every wanted model is there."""
        if self.missing:
            return None
        models = tuple((epoch, self._models[epoch]) for epoch in self.wanted)
        return FineTune(key=self._job.key, outcome="trained", models=models, applied=self._applied)

    def _find(self, epoch: int) -> None:
        place = self._place(epoch)
        if not place.exists():
            return
        try:
            facts = facts_of(place)
            if {name: facts.get(name) for name in ("origin", "epoch")} != self._facts(epoch):
                raise Damaged("it was made by another job, device or precision")
        except Damaged as reason:
            set_aside(place, str(reason))
            return
        self._applied = tuple((str(name), str(value)) for name, value in facts["applied"])
        self._models[epoch] = (adapter_at if self._is_adapter else whole_at)(place, self._job.base)

    def _facts(self, epoch: int) -> dict[str, Any]:
        return {"origin": self._origin, "epoch": epoch}

    def _place(self, epoch: int) -> Path:
        return self._folder / f"epoch_{epoch}"
