"""Plans -> fine-tunes: every job that no ledger knows yet, through its backend."""

from dataclasses import dataclass, replace

from ftbench.digest import digest
from ftbench.errors import NeedsHuman, PluginError
from ftbench.ledger.intents import intents
from ftbench.plugin.catalog import Catalog
from ftbench.records import FineTune, FineTuneJob, Model

from .prepare import Plan, keyed
from .workroom import Workroom


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


def fine_tune(plan: Plan, room: Workroom, *, catalog: Catalog) -> Trained:
    """Train what the plan says, unless somebody has done it already."""
    hardened = _hardened(plan, room, catalog=catalog)
    job = plan.job
    if plan.brought is not None:
        key = digest("brought", plan.brought.digest)
        there = FineTune(key=key, outcome="trained", models=((0, plan.brought),))
        return Trained(hardened=hardened, finetune=there, reused=True)
    if job is None:
        return Trained(hardened=hardened, finetune=None, reused=False)
    if hardened is not None:
        job = keyed(replace(job, base=hardened), plan.backend_identity, catalog)
    finetune, reused = _trained(job, plan, room)
    return Trained(hardened=hardened, finetune=finetune, reused=reused)


def _hardened(plan: Plan, room: Workroom, *, catalog: Catalog) -> Model | None:
    model: Model | None = None
    for hardening in plan.hardening:
        job = keyed(replace(hardening, base=model or plan.model), plan.backend_identity, catalog)
        finetune, _ = _trained(job, plan, room)
        if finetune.outcome == "unknown":
            raise NeedsHuman(finetune.words)
        if finetune.outcome != "trained":
            raise PluginError(f"A defense could not harden the model: {finetune.words}")
        model = finetune.models[-1][1]
    return model


def _trained(job: FineTuneJob, plan: Plan, room: Workroom) -> tuple[FineTune, bool]:
    if found := room.take_finetune(job):
        return found, True
    if words := _ordered_elsewhere(job, room):
        return FineTune(key=job.key, outcome="unknown", words=words), False
    desk = room.desk(f"backend {plan.backend.name!r}", "finetune", {job.key: job.key})
    room.folder.ledger.attempt("finetune", job.key, "begun")
    try:
        plan.backend.fine_tune([job], desk)
    except NeedsHuman as error:
        return FineTune(key=job.key, outcome="unknown", words=str(error)), False
    room.check_done(desk)
    finetune: FineTune = room.folder.ledger.get("finetune", job.key)  # type: ignore[assignment]
    room.give_finetune(finetune)
    return finetune, False


def _ordered_elsewhere(job: FineTuneJob, room: Workroom) -> str:
    """Why a job may not be ordered here: another run has ordered it, and does not know more."""
    for other in room.others:
        if job.key in other.keys("finetune"):
            continue
        if any("void" not in (intent.answer or {}) for intent in intents(other, job.key)):
            run = other.path.parent.parent
            return f"{run} has ordered this fine-tune and not seen its end. Start that run first."
    return ""
