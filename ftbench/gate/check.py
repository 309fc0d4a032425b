"""One check: a training file and a model -> a run, and what the gate says of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ftbench.config.compose import Cell
from ftbench.config.hydra_calls import quoted
from ftbench.errors import UsageError
from ftbench.pipeline import run
from ftbench.plugin.catalog import Catalog
from ftbench.records import Model
from ftbench.roles import Scene
from ftbench.stages.watch import Silent, Watch
from ftbench.statistics.result import RunResult

from .decision import Asked, Gate, decide
from .file import TrainingFile, training_file
from .found import Found, read_found
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
    found: tuple[Found, ...] = ()
    """What the audits found."""
    defenses: tuple[str, ...] = ()
    """The names of the defenses that are installed."""
    cell: Cell | None = field(default=None, repr=False, compare=False)

    @property
    def is_failed(self) -> bool:
        """Whether the gate says that too much safety was lost."""
        return self.gate is not None and self.gate.decision == "fail"

    @property
    def is_passed(self) -> bool:
        """Whether the gate says that it was not."""
        return self.gate is not None and self.gate.decision == "pass"

    def __str__(self) -> str:
        """The paragraph that the command line shows, or why there is none."""
        from .paragraph import paragraph  # noqa: PLC0415, uses this module

        return paragraph(self) if self.gate is not None else self.result.failure


def words_of(wanted: Wanted, catalog: Catalog) -> list[str]:
    """The command of the benchmark that a check is. What the user says comes last, and wins."""
    audits = [name for name in AUDITS if name in catalog.components["audit"]]
    words = ["dataset=jsonl", f"dataset.path={quoted(wanted.path)}"]
    words.append(f"dataset.most_probes={PROBES}")
    words += ["attack=none"]
    if not any(word.startswith("audit=") for word in wanted.words):
        words.append(f"audit=[{','.join(audits)}]")
        # A row that repeats a prompt is told, and does not keep the gate from deciding.
        words += ["audit.contamination.acknowledge=true"] if "contamination" in audits else []
    if wanted.quick:
        words.append(f"suite.limit={QUICK}")
    if wanted.tuned is not None:
        words.append(f"tuned={quoted(wanted.tuned)}")
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
    if result.failure or result.headline("tuned") is None:
        return Checked(file=file, result=result, gate=None, cell=cell)
    folder = Path(result.folder)
    asked = read_pairs(folder)
    return Checked(
        file=file,
        result=result,
        gate=decide(asked, thresholds, reasons=[*_reasons(file, result, asked)]),
        found=read_found(folder, file),
        defenses=tuple(catalog.components["defense"]),
        cell=cell,
    )


def _reasons(file: TrainingFile, result: RunResult, asked: Sequence[Asked]) -> Iterator[str]:
    """What keeps a gate from passing, whatever the figures say."""
    if file.unasked:
        yield (
            f"{len(file.unasked)} lines have system prompts beyond the {PROBES} that were asked "
            "with: raise dataset.most_probes"
        )
    tuned, probes = result.headline("tuned"), {one.probe for one in asked}
    assert tuned is not None
    for row in result.rows:
        is_last = row.subject != "hardened" and row.checkpoint in (None, tuned.checkpoint)
        if row.note and is_last and row.judge == tuned.judge and row.probe in probes:
            yield f"the {row.subject} model asked as {row.probe}: {row.note}"
