"""Figures -> files: SVG, PNG, and the same points as CSV."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError, UsageError, machine_fault
from ftbench.statistics.result import RunResult

from . import drawing
from .axes import along_axes
from .points import Point, Trade, along_epochs, are_comparable, by_category, trades
from .runs import Run

_FEWEST = 3
"""Categories that make a circle."""
_SPOKEN = {
    "attack.n": "examples of the attack (rows)",
    "attack.ratio": "the attack's share of the training rows",
    "finetune.batch_size": "batch size (rows)",
    "finetune.epochs": "epochs",
    "finetune.learning_rate": "learning rate",
}
"""What an axis is called; others as they are typed."""


def plot(runs: Sequence[Run], out: Path) -> Iterator[str]:
    """Draw all that these runs have; one sentence for each thing that is drawn or left out.

    Raises UsageError where matplotlib is missing or two runs have one name, and StorageError where
    nothing can be written.
    """
    drawing.plotting()
    names = [run.result.run for run in runs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"Two of these runs are called {min(twice)}: draw them apart.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for run in runs:
            yield from _one(run.result, out)
        apart = _not_summed_up(runs)
        yield from _curves(apart, out)
        yield from _trades([run.result for run in apart], out)
    except OSError as error:
        raise machine_fault(error) or StorageError(
            f"{out} cannot be written: {error.strerror}."
        ) from error


def _one(result: RunResult, out: Path) -> Iterator[str]:
    points, title = by_category(result), result.run
    if len({point.at for point in points}) >= _FEWEST:
        yield _saved(drawing.bars(points, title), out / f"{result.run}_categories", points)
        yield _saved(drawing.radar(points, title), out / f"{result.run}_radar", points)
    else:
        yield f"{result.run}: fewer than {_FEWEST} categories, so none are drawn."
    if points := along_epochs(result):
        figure = drawing.curves(points, title, axis="epochs (0: before training)")
        yield _saved(figure, out / f"{result.run}_epochs", points)
    else:
        yield f"{result.run}: only one epoch was kept (finetune.keep), so there is no curve."


def _not_summed_up(runs: Sequence[Run]) -> list[Run]:
    """Without the single seeds whose sum is among the runs: a figure shows each answer once."""
    summed = {name for run in runs if run.result.seeds for name in run.result.record["runs"]}
    return [run for run in runs if run.result.run not in summed]


def _curves(runs: Sequence[Run], out: Path) -> Iterator[str]:
    for run in runs if len(runs) > 1 else ():
        if run.settings is None:
            yield f"{run.result.run}: its ledger is not here, so it is in no curve over runs."
    found = list(along_axes(runs))
    for one in found:
        label = _SPOKEN.get(one.axis, one.axis)
        figure = drawing.curves(one.points, "Harm after fine-tuning", axis=label)
        yield _saved(figure, out / f"by_{one.axis.replace('.', '_')}", one.points)
    if not found:
        yield "No two runs differ in one number alone, so there is no curve over runs."


def _trades(results: Sequence[RunResult], out: Path) -> Iterator[str]:
    found = trades(results)
    if len(found) < 2:  # noqa: PLR2004
        yield "Fewer than two runs with utility, so safety is not set against it."
    elif not are_comparable(results):
        yield (
            "The runs were asked or judged in different ways, so their safety is not set against "
            "their utility."
        )
    else:
        yield _saved(drawing.pareto(found, "Safety and utility"), out / "pareto", found)


def _saved(figure: Any, place: Path, points: Sequence[Point] | Sequence[Trade]) -> str:
    """Write one figure and its points; the same points give the same bytes."""
    figure.savefig(place.with_name(f"{place.name}.svg"), metadata={"Date": None})
    figure.savefig(place.with_name(f"{place.name}.png"), dpi=150, metadata={"Software": None})
    drawing.plotting().close(figure)
    with place.with_name(f"{place.name}.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in fields(points[0])])
        rows.writeheader()
        rows.writerows(asdict(point) for point in points)
    return f"{place.name}: svg, png, csv"
