"""Cells -> plans: resolves the model, makes the training data, decides the recipe, asks nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ftbench.config.compose import Cell
from ftbench.config.schema import RunConfig
from ftbench.digest import digest, plain
from ftbench.errors import PluginError, UsageError
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity, settings
from ftbench.records import Ability, FineTuneJob, Model, Probe, TrainingSet
from ftbench.roles import Backend, Component, Scene

from .format import formatted_set
from .models import brought, described
from .panel import QUALITY
from .probes import added_probes
from .questions import Questionnaire
from .recipe import Decided, chosen_by_user, decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is known of a run before it is run."""

    cell: Cell
    backend: Backend
    backend_identity: Mapping[str, Any]
    model: Model
    scene: Scene
    questionnaire: Questionnaire
    bare: TrainingSet
    """What dataset and attack bring, before its format is applied: what audits look at."""
    training_set: TrainingSet
    """Its format already applied; no conversations means that tuned is base."""
    job: FineTuneJob | None
    hardening: tuple[FineTuneJob, ...]
    """Trainings of the aligned model that defenses want before the user's."""
    decided: Decided
    probes: tuple[Probe, ...]
    brought: Model | None = None
    """A tuned model that is there already: nothing is trained."""


def prepare(
    cell: Cell, *, backend: Backend, questionnaire: Questionnaire, catalog: Catalog
) -> Plan:
    """Plan one run: nothing is trained and nobody is asked.

    Raises UsageError where components do not fit together, DataError where data cannot be used.
    """
    config = cell.config
    _check_needs(cell, backend)
    model = backend.resolve(described(config.model, catalog))
    if config.model.parent:
        parent = replace(config.model, name=config.model.parent, revision=None, parent=None)
        model = replace(model, parent=backend.resolve(described(parent, catalog)))
    scene = Scene(
        seed=config.seed,
        model=model,
        method=config.finetune.method.name,
        questions=tuple(questionnaire.questions.values()),
        inside=backend.inside(),
    )
    clean = _made(config.dataset.load(scene), config.dataset)
    bare = _made(config.attack.poison(clean, scene), config.attack)
    training_set = formatted_set(bare, model)
    decided = decide(config.finetune, training_set)
    backend_identity = identity(backend, "backend", catalog)
    plan = Plan(
        cell=cell,
        backend=backend,
        backend_identity=backend_identity,
        model=model,
        scene=scene,
        questionnaire=questionnaire,
        bare=bare,
        training_set=training_set,
        job=None,
        hardening=(),
        decided=decided,
        probes=(*_probes(training_set), *added_probes(config.probe, training_set)),
    )
    plan = replace(plan, brought=brought(config.tuned, model, backend))
    if plan.brought is None:
        plan = replace(plan, job=_job(plan, catalog))
    plan = _defended(plan, catalog)
    _check_possible(plan)
    return plan


def _check_needs(cell: Cell, backend: Backend) -> None:
    config = cell.config
    components: list[Component] = [config.dataset, config.attack, config.finetune.method]
    components += [*config.defense.values(), *config.audit.values()]
    for component in components:
        if lacking := component.needs - backend.can:
            lacks = ", ".join(sorted(ability.value for ability in lacking))
            raise UsageError(
                f"{component.name!r} needs a backend that can do: {lacks}. "
                f"The backend {backend.name!r} cannot."
            )
    if config.coherence.perplexity and Ability.likelihood not in backend.can:
        raise UsageError(
            f"The backend {backend.name!r} tells no likelihoods. "
            "Leave out coherence.perplexity=true, or choose a backend that does."
        )
    _check_graders(config)
    if config.divergence_tokens < 0:
        raise UsageError(f"divergence_tokens={config.divergence_tokens}: give 0, or how many.")
    if config.divergence_tokens and backend.inside() is None:
        raise UsageError(
            f"The backend {backend.name!r} gives no look inside a model. "
            "Leave out divergence_tokens, or choose a backend that does, such as hf."
        )


def _check_graders(config: RunConfig) -> None:
    """Whoever grades a task must be among the judges: utility would be left out otherwise."""
    graders = [name for name, judge in config.judge.items() if judge.grades]
    wanted = {task: words.partition(",")[2] for task, words in config.suite.utility.items()}
    for task, words in config.suite.utility.items():
        if words.startswith(f"{QUALITY},") and wanted[task] not in graders:
            others = [name for name in config.judge if name not in graders]
            raise UsageError(
                f"The task {task} is graded by {wanted[task]!r}, which is not among the judges. "
                f"Say judge=[{','.join([*others, wanted[task]])}], or suite.utility.{task}="
                f"{QUALITY},NAME with a judge that grades."
            )


def _check_possible(plan: Plan) -> None:
    plan.backend.check(
        plan.job,
        chosen=chosen_by_user(plan.cell.config.finetune),
        questions=plan.scene.questions,
        probes=plan.probes,
    )


def _made(made: Any, maker: Component) -> TrainingSet:
    if not isinstance(made, TrainingSet):
        raise PluginError(f"{maker.name!r} returned a {type(made).__name__}, not a TrainingSet.")
    return made


def _probes(training_set: TrainingSet) -> tuple[Probe, ...]:
    probes = training_set.probes or (Probe(format=training_set.format),)
    names = [probe.name for probe in probes]
    if len(set(names)) < len(names):
        raise PluginError(f"{training_set.name!r} names two probes alike: {', '.join(names)}.")
    return probes


def _job(plan: Plan, catalog: Catalog) -> FineTuneJob | None:
    if not plan.training_set.conversations:
        return None
    finetune, values = plan.cell.config.finetune, plan.decided.values
    if values.epochs is None:
        raise UsageError("Nobody says for how many epochs to train: give finetune.epochs.")
    if beyond := [epoch for epoch in finetune.keep if not 0 < epoch <= values.epochs]:
        raise UsageError(f"finetune.keep names epoch {beyond[0]} of {values.epochs:g}.")
    job = FineTuneJob(
        key="",
        base=plan.model,
        training_set=plan.training_set,
        method=finetune.method,
        epochs=values.epochs,
        learning_rate=values.learning_rate,
        batch_size=values.batch_size,
        seed=plan.cell.config.seed,
        keep=tuple(sorted(set(finetune.keep))),
    )
    return keyed(job, plan.backend_identity, catalog)


def _defended(plan: Plan, catalog: Catalog) -> Plan:
    for defense in plan.cell.config.defense.values():
        if hardening := defense.harden(plan.scene):
            plan = replace(plan, hardening=(*plan.hardening, _formatted(hardening, plan.model)))
        if plan.job is not None:
            job = _formatted(defense.protect(plan.job, plan.scene), plan.model)
            plan = replace(plan, job=keyed(job, plan.backend_identity, catalog))
        probes = tuple(defense.ask(probe, plan.scene) for probe in plan.probes)
        plan = replace(plan, probes=probes)
    return plan


def _formatted(job: FineTuneJob, model: Model) -> FineTuneJob:
    """A job whose examples a defense has added to, theirs formatted as the others are."""
    return replace(job, training_set=formatted_set(job.training_set, model))


def keyed(job: FineTuneJob, backend_identity: Mapping[str, Any], catalog: Catalog) -> FineTuneJob:
    """A job with the key that its content has: all that can change the trained weights."""
    turns = [(c.messages, c.rejected) for c in job.training_set.conversations]
    rules = [_rule_identity(rule) for rule in job.rules]
    recipe = (job.epochs, job.keep, job.learning_rate, job.batch_size, job.seed)
    method = identity(job.method, "method", catalog)
    key = digest("finetune", job.base.digest, turns, method, recipe, rules, backend_identity)
    return replace(job, key=key)


def _rule_identity(rule: Any) -> tuple[str, str]:
    return (type(rule).__module__ + "." + type(rule).__qualname__, repr(rule))


def stated_backend(backend: Backend) -> dict[str, Any]:
    """A backend as its fact has it, so that its orders can be looked after without the command."""
    return {"name": backend.name, "settings": plain(settings(backend, with_transport=True))}


def distinct_backends(cells: Sequence[Cell]) -> dict[str, Backend]:
    """One backend object for each distinct backend config, by ``backend_config``."""
    found: dict[str, Backend] = {}
    for cell in cells:
        found.setdefault(backend_config(cell), cell.config.backend)
    return found


def backend_config(cell: Cell) -> str:
    """A name for the whole backend config of a cell, transport fields included."""
    return digest(cell.config.backend.name, cell.composed.get("backend", {}))
