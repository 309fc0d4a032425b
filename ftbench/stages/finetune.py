"""Plans -> fine-tunes: every job that no ledger knows yet, through its backend."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ftbench.errors import PluginError
from ftbench.ledger.desk import LedgerDesk, Slot
from ftbench.plugin.catalog import Catalog
from ftbench.records import FineTune, FineTuneJob, Model

from .folder import RunFolder
from .prepare import Plan, keyed


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of a plan's training."""

    hardened: Model | None
    finetune: FineTune | None
    """None where there was nothing to train on."""
    reused: bool

    def subjects(self, base: Model) -> list[tuple[str, int | None, Model]]:
        """Who is asked: subject, checkpoint and model; base first."""
        asked: list[tuple[str, int | None, Model]] = [("base", None, base)]
        if self.hardened is not None:
            asked.append(("hardened", None, self.hardened))
        if self.finetune is None:
            return [*asked, ("tuned", None, self.hardened or base)]
        return [*asked, *(("tuned", epoch, model) for epoch, model in self.finetune.models)]


def fine_tune(
    plan: Plan, folder: RunFolder, *, catalog: Catalog, told: Callable[..., None]
) -> Trained:
    """Train what the plan says, unless the run's ledger has it already."""
    hardened, known = _hardened(plan, folder, catalog=catalog, told=told)
    job = plan.job
    if job is None:
        return Trained(hardened=hardened, finetune=None, reused=known)
    if hardened is not None:
        job = keyed(replace(job, base=hardened), plan.backend_identity, catalog)
    finetune, reused = _trained(job, plan, folder, told=told)
    return Trained(hardened=hardened, finetune=finetune, reused=reused)


def _hardened(
    plan: Plan, folder: RunFolder, *, catalog: Catalog, told: Callable[..., None]
) -> tuple[Model | None, bool]:
    model: Model | None = None
    for hardening in plan.hardening:
        job = keyed(replace(hardening, base=model or plan.model), plan.backend_identity, catalog)
        finetune, _ = _trained(job, plan, folder, told=told)
        if finetune.outcome != "trained":
            raise PluginError(f"A defense could not harden the model: {finetune.words}")
        model = finetune.models[-1][1]
    return model, False


def _trained(
    job: FineTuneJob, plan: Plan, folder: RunFolder, *, told: Callable[..., None]
) -> tuple[FineTune, bool]:
    found = folder.ledger.get("finetune", job.key)
    if found is not None:
        return found, True
    models = folder.private / "models"
    models.mkdir(exist_ok=True)
    desk = LedgerDesk(
        folder=models,
        worker=f"backend {plan.backend.name!r}",
        kind="finetune",
        slots={job.key: Slot(key=job.key, ledgers=(folder.ledger,))},
        told=told,
    )
    folder.ledger.attempt("finetune", job.key, "begun")
    plan.backend.fine_tune([job], desk)
    finetune: FineTune | None = folder.ledger.get("finetune", job.key)
    if finetune is None:
        raise PluginError(f"The backend {plan.backend.name!r} returned without a fine-tune.")
    return finetune, False
