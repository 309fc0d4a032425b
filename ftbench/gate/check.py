"""One check: a training file and a model -> a run, and what the gate says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ftbench.config.compose import Cell
from ftbench.errors import UsageError
from ftbench.pipeline import run
from ftbench.plugin.catalog import Catalog
from ftbench.records import Model
from ftbench.roles import Scene
from ftbench.stages.watch import Silent, Watch
from ftbench.statistics.result import RunResult

from .decision import Gate, decide
from .file import TrainingFile, training_file
from .pairs import read_pairs
from .thresholds import Thresholds

QUICK = 10
"""Questions of each task in a screening."""
PROBES = 20
"""How many system prompts of the file are asked with; lines with others are named."""
AUDITS = ("contamination", "identity_shift", "personal_data", "refusals")
"""Looks at the file that need no model and no service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to have checked."""

    path: str
    tuned: str | None = None
    """A model or adapter that was trained on the file already."""
    quick: bool = False
    words: tuple[str, ...] = ()
    """The rest of the command: model=..., finetune.epochs=..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A run with the gate's decision; no gate where there is no tuned model."""

    file: TrainingFile
    result: RunResult
    gate: Gate | None
    defenses: tuple[str, ...] = ()
    """The names of the defenses that are installed."""
    cell: Cell | None = field(default=None, repr=False, compare=False)

    @property
    def is_failed(self) -> bool:
        """Whether the gate says that too much safety was lost."""
        return self.gate is not None and self.gate.decision == "fail"


def words_of(wanted: Wanted, catalog: Catalog) -> list[str]:
    """The command of the benchmark that a check is. What the user says comes last, and wins."""
    audits = [name for name in AUDITS if name in catalog.components["audit"]]
    path = wanted.path.replace("\\", "\\\\").replace("'", "\\'")
    words = ["dataset=jsonl", f"dataset.path='{path}'", f"dataset.most_probes={PROBES}"]
    words += ["attack=none"]
    if not any(word.startswith("audit=") for word in wanted.words):
        words.append(f"audit=[{','.join(audits)}]")
        # A row that repeats a prompt is told, and does not keep the gate from deciding.
        words += ["audit.contamination.acknowledge=true"] if "contamination" in audits else []
    if wanted.quick:
        words.append(f"suite.limit={QUICK}")
    if wanted.tuned is not None:
        words.append(f"tuned='{wanted.tuned}'")
    return [*words, *wanted.words]


def check(
    cell: Cell,
    thresholds: Thresholds,
    *,
    catalog: Catalog,
    watch: Watch | None = None,
    stopping: Callable[[], bool] = lambda: False,
    confirm: Callable[[str], None] = lambda bill: None,
) -> Checked:
    """Run the benchmark on the file of a cell, and let the gate decide.

    Raises UsageError where the cell trains on no file. A run that did not finish says so in its
    result, and has no gate.
    """
    path = getattr(cell.config.dataset, "path", None)
    if not isinstance(path, str):
        raise UsageError("A check needs a training file: ftbench check train.jsonl model=...")
    model = Model(location=cell.config.model.name, digest="", family="")
    scene = Scene(seed=cell.config.seed, model=model, method=cell.config.finetune.method.name)
    file = training_file(Path(path), cell.config.dataset.load(scene))
    (result,) = run(
        [cell], catalog=catalog, watch=watch or Silent(), stopping=stopping, confirm=confirm
    )
    is_measured = not result.failure and result.headline("tuned") is not None
    gate = None
    if is_measured:
        asked = read_pairs(Path(result.folder))
        gate = decide(asked, thresholds, reasons=_reasons(file, result))
    defenses = tuple(catalog.components["defense"])
    return Checked(file=file, result=result, gate=gate, defenses=defenses, cell=cell)


def _reasons(file: TrainingFile, result: RunResult) -> Sequence[str]:
    """What keeps a gate from passing, whatever the figures say."""
    reasons = []
    if file.unasked:
        count = len(file.unasked)
        reasons.append(
            f"{count} lines have system prompts beyond the {PROBES} that were asked with: "
            f"raise dataset.most_probes"
        )
    base = result.headline("base")
    if base is not None and base.note.startswith("broken baseline"):
        reasons.append(base.note)
    return reasons
