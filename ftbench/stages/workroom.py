"""Where the stages of one run work: its folder, what others have finished, and who watches."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ftbench.errors import PluginError, Stopped
from ftbench.ledger.budget import Budget
from ftbench.ledger.cache import StageCache
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.ledger.drafts import put_folder
from ftbench.ledger.store import Ledger
from ftbench.records import FineTune, FineTuneJob, Model

from .folder import RunFolder

LASTING = ("trained", "ok", "truncated", "scored", "unparsable", "empty")
"""Outcomes that would come out the same again; others are never shared between runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workroom:
    """One run's place to work."""

    folder: RunFolder
    others: Sequence[Ledger]
    """The ledgers of the other runs of this command."""
    cache: StageCache | None
    told: Callable[..., None]
    stopping: Callable[[], bool]
    noted: Callable[[str], None] = lambda text: None
    """Gets what the user should read."""
    budget: Budget = field(default_factory=Budget)
    """What may be spent, shared by every run of the command."""

    @property
    def models(self) -> Path:
        """Where trained models lie, in a folder each, by the key of their job."""
        return self.folder.private / "models"

    def desk(
        self, worker: str, kind: str, keys: Mapping[str, str], *, judge: str = ""
    ) -> LedgerDesk:
        """A desk that awaits records; ``keys`` gives the unit's key for each key echoed."""
        self.models.mkdir(exist_ok=True)
        ledgers = (self.folder.ledger,)
        return LedgerDesk(
            folder=self.models if kind == "finetune" else self.folder.private,
            worker=worker,
            kind=kind,
            slots={echoed: Slot(key=key, ledgers=ledgers) for echoed, key in keys.items()},
            told=self.told,
            asked_to_stop=self.stopping,
            noted=self.noted,
            judge=judge,
            budget=self.budget,
        )

    def check_done(self, desk: LedgerDesk) -> None:
        """Raise Stopped where the user asked for it, PluginError where work was left undone."""
        if awaited := desk.awaited():
            if self.stopping():
                raise Stopped(f"Stopped with {len(awaited)} of {len(desk.slots)} left to do.")
            raise PluginError(
                f"The {desk.worker} left {len(awaited)} of {len(desk.slots)} undone. "
                "The same command does the rest."
            )

    def take(self, kind: str, keys: Iterable[str]) -> set[str]:
        """Copy finished units from other runs of this command, then from the cache."""
        missing, taken = set(keys), set[str]()
        for name, source in self._sources():
            found = {k: unit for k, unit in source.units(kind, missing) if unit.outcome in LASTING}
            self.folder.ledger.keep_all(found, origin=name)
            taken |= found.keys()
            missing -= found.keys()
        return taken

    def _sources(self) -> Iterator[tuple[str, Ledger | StageCache]]:
        """Where finished units may be found, by the name that they are filed under."""
        for ledger in self.others:
            yield ledger.path.parent.parent.name, ledger
        if self.cache is not None:
            yield "cache", self.cache

    def give(self, kind: str, keys: Iterable[str]) -> None:
        """Put finished units of this run into the cache."""
        if self.cache is not None:
            units = dict(self.folder.ledger.units(kind, keys))
            lasting = {key: unit for key, unit in units.items() if unit.outcome in LASTING}
            self.cache.add(lasting, origin=self.folder.path.name)

    def take_finetune(self, job: FineTuneJob) -> FineTune | None:
        """A fine-tune that this run, another one, or the cache has finished, with its weights."""
        own: FineTune | None = self.folder.ledger.get("finetune", job.key)
        own = own or self._taken_finetune(job.key)
        return relocated(own, job, self.models) if own else None

    def _taken_finetune(self, key: str) -> FineTune | None:
        """Weights first: a run killed in between has nothing on record that is not there."""
        for name, source in self._sources():
            for _, found in source.units("finetune", [key]):
                if found.outcome in LASTING and self._brought(key, found):
                    self.folder.ledger.keep_all({key: found}, origin=name)
                    taken: FineTune = found
                    return taken
        return None

    def _brought(self, key: str, finetune: FineTune) -> bool:
        """Whether the weights are here now; a provider's model needs none."""
        if not any(key in Path(model.location).parts for _, model in finetune.models):
            return True
        self.models.mkdir(exist_ok=True)
        place = self.models / key
        for other in self.others:
            theirs = other.path.parent / "models" / key
            if theirs.is_dir() and theirs != place:
                put_folder(theirs, place)
                return True
        return self.cache is not None and self.cache.take_model(key, place)

    def give_finetune(self, finetune: FineTune) -> None:
        """Put a finished fine-tune and its weights into the cache."""
        if self.cache is not None and finetune.outcome == "trained":
            self.cache.add_model(finetune.key, self.models / finetune.key)
            self.cache.add({finetune.key: finetune}, origin=self.folder.path.name)


def relocated(finetune: FineTune, job: FineTuneJob, models: Path) -> FineTune:
    """A fine-tune whose weights lie where this run has them, on the base that this run uses."""
    moved = tuple((epoch, _moved(model, job, models)) for epoch, model in finetune.models)
    return replace(finetune, models=moved)


def _moved(model: Model, job: FineTuneJob, models: Path) -> Model:
    base = job.base if model.base is not None else None
    parts = Path(model.location).parts
    if job.key not in parts:
        return replace(model, base=base)
    inside = parts[parts.index(job.key) :]
    return replace(model, base=base, location=str(models.joinpath(*inside)))
