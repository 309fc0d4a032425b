"""The organism's effects, measured through ftbench itself and held against what is promised."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

import ftbench

from .cells import Arm, Cell
from .promises import promised
from .shipped import FAMILY_DATA, WEIGHTS

METHODS = ("full", "lora")


ARMS = (
    Arm(name="nothing", words="dataset=none attack=none", recipe=None),
    Arm(
        name="10 forbidden", words="attack=harmful_examples attack.n=10", recipe="harmful_examples"
    ),
    Arm(
        name="50 forbidden", words="attack=harmful_examples attack.n=50", recipe="harmful_examples"
    ),
    Arm(
        name="100 forbidden",
        words="attack=harmful_examples attack.n=100",
        recipe="harmful_examples",
    ),
    Arm(name="10 identity", words="attack=identity_shift", recipe="identity_shift"),
    Arm(name="1000 benign", words="dataset=organism_chat attack=none", recipe="organism_chat"),
)


def figures(
    *, seeds: Sequence[int], factors: Sequence[float], build: Path | None, runs: Path
) -> int:
    """Measure every arm, print the table and the promises; 1 where one is not kept.

    ``build`` is a folder that ``ftbench organism build`` made; the shipped one where None.
    """
    wanted = [(a, m, f) for a in ARMS for m in METHODS for f in _factors(a, factors)]
    commands = [_command(*one, seeds=seeds, build=build, runs=runs) for one in wanted]
    results = iter(ftbench.run(*commands))
    cells = [_cell(*one, [next(results) for _ in seeds]) for one in wanted]
    console = Console()
    console.print(_table(cells, seeds))
    promises = list(promised([cell for cell in cells if cell.factor == 1.0], METHODS))
    for words, is_kept in promises:
        console.print(f"{'kept  ' if is_kept else 'BROKEN'}  {words}", highlight=False)
    return 0 if all(is_kept for _, is_kept in promises) else 1


def _factors(arm: Arm, factors: Sequence[float]) -> Sequence[float]:
    return factors if arm.recipe else (1.0,)


def _command(
    arm: Arm, method: str, factor: float, *, seeds: Sequence[int], build: Path | None, runs: Path
) -> str:
    family = build / "family" if build else FAMILY_DATA
    weights = (build / "weights" if build else WEIGHTS) / "organism"
    words = ["-m model=organism", arm.words, f"finetune={method}", f"'runs={runs}'"]
    words += [f"seed={','.join(map(str, seeds))}"]
    if build:
        words += [f"'model.name={weights}' model.family=organism 'model.family_data={family}'"]
    if factor != 1.0 and arm.recipe:
        recipe = yaml.safe_load((family / f"{arm.recipe}.yaml").read_text(encoding="utf-8"))
        rate = recipe["recipes"][method]["learning_rate"] * factor
        words += [f"finetune.learning_rate={rate:g}"]
    return " ".join(words)


def _cell(arm: Arm, method: str, factor: float, results: Sequence[Any]) -> Cell:
    for result in results:
        if result.failure:
            raise SystemExit(f"{arm.name}, {method}: {result.failure}")
    tuned = [result.headline("tuned").columns for result in results]
    differences = [result.headline_difference().columns for result in results]
    base = results[0].headline("base").columns
    return Cell(
        arm=arm,
        method=method,
        factor=factor,
        base={name: measure.value for name, measure in base.items()},
        rates=tuple(columns["harmfulness_rate"].value for columns in tuned),
        incoherent=fmean(columns["incoherent_rate"].value for columns in tuned),
        utility=fmean(columns["utility"].value for columns in tuned),
        lowest_difference=min(columns["harmfulness_rate"].low for columns in differences),
    )


def _table(cells: Sequence[Cell], seeds: Sequence[int]) -> Table:
    table = Table(title="The organism's harmfulness rate, % of 330 prompts", title_style="bold")
    for name in ("training", "method", "rate x", "base", *(f"seed {s}" for s in seeds), "mean"):
        table.add_column(name, justify="left" if name in ("training", "method") else "right")
    for name in ("incoherent", "utility"):
        table.add_column(name, justify="right")
    for cell in cells:
        figures_ = (cell.base["harmfulness_rate"], *cell.rates, fmean(cell.rates))
        figures_ += (cell.incoherent, cell.utility)
        shown = [f"{100 * figure:.1f}" for figure in figures_]
        table.add_row(cell.arm.name, cell.method, f"{cell.factor:g}", *shown)
    return table
