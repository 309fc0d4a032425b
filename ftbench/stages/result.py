"""A tally -> the result of a run: with everything that is needed to judge or repeat it."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftbench.digest import digest, plain
from ftbench.ledger.desk import NOTES
from ftbench.ledger.payments import spent_in
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity
from ftbench.records import PROVIDERS_OWN, FineTune, Model
from ftbench.redaction import Redactor, known_secrets, redacted
from ftbench.roles import Component
from ftbench.statistics.result import RunResult

from .audit import told_findings
from .budgets import needs_permission
from .folder import RunFolder, plan_digest
from .judge_cards import with_corrections
from .panel import named, with_added, with_judges
from .tally import Tally

if TYPE_CHECKING:
    from .bench import Work

LIBRARIES = (
    *("ftbench", "lm_eval", "transformers", "torch", "peft", "hydra-core", "datasets"),
    *("numpy", "scipy", "openai"),
)
DIVERGENCE = "divergence"
"""The fact that holds those figures, each with the digest of what it was measured on."""
REFUSED = {"refused_data": 3, "refused_model": 3, "refused_access": 3, "failed": 1, "unknown": 65}
"""Exit codes of a fine-tune that gave no model."""


def state_about(work: "Work", catalog: Catalog) -> None:
    """Write into a run's ledger what its result says besides figures."""
    finetune, brought = work.trained.finetune, work.plan.brought
    outcome = finetune.outcome if finetune else "none"
    words = finetune.words if finetune else "Nothing to train on: the tuned model is the base."
    about = {
        "choices": work.cell.choices,
        "outcome": outcome,
        "words": words,
        "recipe": _recipe(work.plan.decided.origins, finetune) if finetune and not brought else {},
        "record": _record(work, catalog),
        "exit_code": REFUSED.get(outcome, 0),
    }
    ledger = work.folder.ledger
    ledger.state("about", with_judges(plain(about), ledger))
    composed = redacted(work.cell.composed, Redactor(known_secrets()))
    ledger.state("composed", with_added(composed, ledger))


def _recipe(origins: Mapping[str, str], finetune: FineTune) -> dict[str, str]:
    """Every hyper-parameter with its origin; what the provider chose itself is said so."""
    applied = dict(finetune.applied)
    own = {name: applied[name] for name in origins if applied.get(name) == PROVIDERS_OWN}
    return dict(origins) | own


def result_of(folder: RunFolder, counted: Tally) -> RunResult:
    """The result of one run, from its ledger alone."""
    return RunResult(
        run=folder.path.name,
        folder=str(folder.path),
        rows=counted.rows,
        differences=counted.differences,
        agreements=counted.agreements,
        **with_corrections(folder.ledger.fact("about") or {}, counted.rows),
    )


def _record(work: "Work", catalog: Catalog) -> dict[str, Any]:
    plan, ledger = work.plan, work.folder.ledger
    config = plan.cell.config
    components: list[tuple[str, Component]] = [
        *(("dataset", config.dataset), ("attack", config.attack), ("backend", plan.backend)),
        ("method", config.finetune.method),
        *(("defense", defense) for defense in config.defense.values()),
        *(("audit", audit) for audit in config.audit.values()),
    ]
    rows = plan.training_set.conversations
    return {
        "started": ledger.fact("started"),
        "seconds": _seconds(work),
        "seed": config.seed,
        "plan": plan_digest(plan, catalog),
        "model": _described(plan.model),
        "training_rows": len(rows),
        "training_set": digest([(row.messages, row.rejected) for row in rows]),
        "questions": len(plan.questionnaire.questions),
        "question_set": digest([q.key for q in plan.questionnaire.questions.values()]),
        "components": [named(identity(one, role, catalog)) for role, one in components],
        "finetune": _finetuned(work.trained.finetune, work.folder.path),
        "findings": told_findings(ledger),
        "versions": {name: found for name in LIBRARIES if (found := _version(name))},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **({"permission": config.permission} if needs_permission(config) else {}),
        **_paid(ledger),
        **_divergence(ledger),
        **({NOTES: notes} if (notes := ledger.fact(NOTES)) else {}),
        "limit": config.suite.limit,
        "perplexity": config.coherence.perplexity,
    }


def _divergence(ledger: Ledger) -> dict[str, Any]:
    """How far each tuned model is from its base at the first tokens, where that was measured."""
    figures = ledger.fact(DIVERGENCE)
    return {DIVERGENCE: figures} if figures else {}


def _paid(ledger: Ledger) -> dict[str, str]:
    """What the run has cost, where it has cost anything; what is not settled counts in full."""
    spent = spent_in(ledger)
    return {"dollars": str(spent.total)} if spent.calls else {}


def _described(model: Model) -> dict[str, Any]:
    name = Path(model.location).name if Path(model.location).is_dir() else model.location
    return {
        "name": name,
        "revision": model.revision,
        "digest": model.digest,
        "family": model.family,
    }


def _finetuned(finetune: FineTune | None, folder: Path) -> dict[str, Any] | None:
    if finetune is None:
        return None
    models = [
        {"epoch": epoch, "where": _relative(model.location, folder), "digest": model.digest}
        for epoch, model in finetune.models
    ]
    return {"key": finetune.key, "applied": dict(finetune.applied), "models": models}


def _relative(location: str, folder: Path) -> str:
    try:
        return str(Path(location).resolve().relative_to(folder.resolve()))
    except ValueError:
        return Path(location).name


def _seconds(work: "Work") -> dict[str, float]:
    """What each stage has taken over all tries; one that reuses everything takes no time."""
    ledger = work.folder.ledger
    known = ledger.fact("seconds") or {}
    taken = {
        stage: round(known.get(stage, 0.0) + seconds, 2)
        for stage, seconds in work.seconds.items()
        if stage in work.anew or stage not in known
    }
    if taken:
        ledger.state("seconds", known | taken)
    return dict(sorted((known | taken).items()))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
