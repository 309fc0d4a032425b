"""Where the stages of one run work: its folder, what others have finished, and who watches."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ftbench.errors import PluginError, Stopped
from ftbench.ledger.budget import Budget
from ftbench.ledger.codec import Unit
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.ledger.drafts import put_folder
from ftbench.ledger.finished import LASTING, FinishedWork, lasting
from ftbench.ledger.shared.models import has_weights
from ftbench.ledger.store import Ledger
from ftbench.records import FineTune, FineTuneJob, Model

from .folder import RunFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Workroom:
    """One run's place to work."""

    folder: RunFolder
    others: Sequence[Ledger]
    """The ledgers of the other runs of this command."""
    cache: FinishedWork | None
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
        """Copy finished units from other runs of this command, then from the caches."""
        missing, taken = set(keys), set[str]()
        for origin, found in self._finished(kind, missing):
            self.folder.ledger.keep_all(found, origin=origin)
            taken |= found.keys()
            missing -= found.keys()
        return taken

    def _finished(self, kind: str, missing: set[str]) -> Iterator[tuple[str, dict[str, Unit]]]:
        """Finished units in portions, with where they come from; ``missing`` shrinks meanwhile."""
        for ledger in self.others:
            yield _run_of(ledger), lasting(dict(ledger.units(kind, missing)))
        if self.cache is not None:
            yield from self.cache.units(kind, missing)

    def give(self, kind: str, keys: Iterable[str]) -> None:
        """Put finished units of this run into the caches."""
        if self.cache is not None:
            units = dict(self.folder.ledger.units(kind, keys))
            self.cache.add(units, origin=self.folder.path.name)

    def give_rest(self) -> None:
        """Share what this run has and the shared cache lacks."""
        if self.cache is not None:
            self.cache.share_rest(self.folder.ledger, self.models, run=self.folder.path.name)

    def take_finetune(self, job: FineTuneJob) -> FineTune | None:
        """A fine-tune that this run, another one, or a cache has finished, with its weights."""
        own: FineTune | None = self.folder.ledger.get("finetune", job.key)
        return relocated(own, job, self.models) if own else self._taken_finetune(job)

    def _taken_finetune(self, job: FineTuneJob) -> FineTune | None:
        """Weights first: a run killed in between has nothing on record that is not there."""
        for ledger in self.others:
            theirs: FineTune | None = ledger.get("finetune", job.key)
            if theirs and theirs.outcome in LASTING and self._copied(theirs, ledger):
                return self._kept(theirs, job, _run_of(ledger))
        self.models.mkdir(exist_ok=True)
        found = self.cache.take_finetune(job.key, self.models / job.key) if self.cache else None
        return self._kept(found.finetune, job, found.origin) if found else None

    def _kept(self, finetune: FineTune, job: FineTuneJob, origin: str) -> FineTune:
        """On record as it is here, so that its weights are sealed with the run."""
        here = relocated(finetune, job, self.models)
        self.folder.ledger.keep_all({job.key: here}, origin=origin)
        return here

    def _copied(self, finetune: FineTune, ledger: Ledger) -> bool:
        """Whether another run's weights are here now; a provider's model needs none."""
        if not has_weights(finetune):
            return True
        self.models.mkdir(exist_ok=True)
        theirs, place = ledger.path.parent / "models" / finetune.key, self.models / finetune.key
        if theirs.is_dir() and theirs != place:
            put_folder(theirs, place)
            return True
        return False

    def give_finetune(self, finetune: FineTune) -> None:
        """Put a finished fine-tune and its weights into the caches."""
        if self.cache is not None:
            weights = self.models / finetune.key
            self.cache.add_finetune(finetune, weights, origin=self.folder.path.name)


def _run_of(ledger: Ledger) -> str:
    """The name of the run that a ledger belongs to."""
    return ledger.path.parent.parent.name


def relocated(finetune: FineTune, job: FineTuneJob, models: Path) -> FineTune:
    """A fine-tune whose weights lie where this run has them, on the base that this run uses."""
    moved = tuple((epoch, _moved(model, job, models)) for epoch, model in finetune.models)
    return replace(finetune, models=moved)


def _moved(model: Model, job: FineTuneJob, models: Path) -> Model:
    """Family and descent are those of the base here: a shared fine-tune does not bring them."""
    parts, location = Path(model.location).parts, model.location
    if job.key in parts:
        location = str(models.joinpath(*parts[parts.index(job.key) :]))
    return replace(
        model,
        location=location,
        base=job.base if model.base is not None else None,
        parent=job.base.parent,
        family_data=job.base.family_data,
    )
