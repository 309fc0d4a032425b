"""The folder of one run: what is public, what is private, and the ledger inside."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.digest import digest
from ftbench.errors import StorageError
from ftbench.ledger.drafts import clear_own
from ftbench.ledger.lock import RunLock
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity

if TYPE_CHECKING:
    from .prepare import Plan

RESULT = "public/result.json"
"""The file that a finished run has."""
BACKEND_FACT = "backend"
"""The fact of a ledger that says with which backend, by its name and all its settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """Where everything of a run lies, its open ledger, and the lock of who writes it."""

    path: Path
    ledger: Ledger
    lock: RunLock | None = None

    @property
    def public(self) -> Path:
        """What may be shown to anybody: figures, never a response."""
        return self.path / "public"

    @property
    def private(self) -> Path:
        """Responses, training data, weights, lm-eval's own files; readable by the owner only."""
        return self.path / "private"

    def close(self) -> None:
        """Let go of the ledger and the lock; harmless a second time."""
        self.ledger.close()
        if self.lock is not None:
            self.lock.release()


def open_folder(plan: "Plan", catalog: Catalog) -> RunFolder:
    """Make or find the folder of a plan; the same plan always has the same folder.

    Raises StorageError where the disk says no, Busy where another process writes it.
    """
    path = folder_of(plan, catalog)
    try:
        for part, mode in ((path, 0o755), (path / "public", 0o755), (path / "private", 0o700)):
            part.mkdir(parents=True, exist_ok=True, mode=mode)
        (path / "private").chmod(0o700)
    except OSError as error:
        raise StorageError(f"The folder {path} cannot be made: {error.strerror}.") from error
    lock = RunLock(path / "private" / "run.lock")
    clear_own(path)
    return RunFolder(path=path, ledger=Ledger(path / "private" / "ledger.sqlite"), lock=lock)


def folder_of(plan: "Plan", catalog: Catalog) -> Path:
    """Where the folder of a plan is or will be."""
    return Path(plan.cell.config.runs) / f"{_name(plan)}-{plan_digest(plan, catalog)[:8]}"


def plan_digest(plan: "Plan", catalog: Catalog) -> str:
    """The name of everything that can change a figure of the run."""
    judges = [identity(j, "judge", catalog) for j in plan.cell.config.judge.values()]
    training = [(c.messages, c.rejected) for c in plan.training_set.conversations]
    job = plan.job.key if plan.job else None
    hardening = [hardening.training_set.name for hardening in plan.hardening]
    questions = [question.key for question in plan.questionnaire.questions.values()]
    utility = dict(plan.questionnaire.utility)
    inputs = (plan.model.digest, training, job, hardening, plan.probes, questions, utility)
    config = plan.cell.config
    rated = ["perplexity"] if config.coherence.perplexity else []
    rated += [f"divergence {config.divergence_tokens}"] if config.divergence_tokens else []
    brought = [plan.brought.digest] if plan.brought else []
    return digest("run", inputs, judges, plan.backend_identity, config.seed, *rated, *brought)


def _name(plan: "Plan") -> str:
    config, choices = plan.cell.config, plan.cell.choices
    parts = [choices.get("model", "model")]
    parts += [choices[group] for group in ("dataset", "attack") if choices.get(group) != "none"]
    parts += [choices.get("defense", "none")] if choices.get("defense", "none") != "none" else []
    parts += [config.finetune.method.name, f"s{config.seed}"]
    return re.sub(r"[^A-Za-z0-9._+-]", "_", config.name or "-".join(parts))
