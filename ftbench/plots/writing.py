"""Figures -> files: SVG, PNG, and the same points as CSV."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ftbench.statistics.result import RunResult

from . import drawing
from .points import Point, Trade, along_axes, along_epochs, by_category, trades

_FEWEST = 3
"""Categories that make a circle."""


def plot(results: Sequence[RunResult], out: Path) -> Iterator[str]:
    """Draw all that these results have; one sentence for each thing that is drawn or left out.

    Raises UsageError where matplotlib is missing.
    """
    drawing.plotting()
    out.mkdir(parents=True, exist_ok=True)
    for result in results:
        yield from _one(result, out)
    yield from _together(results, out)


def _one(result: RunResult, out: Path) -> Iterator[str]:
    points = by_category(result)
    if len({point.at for point in points}) >= _FEWEST:
        yield _saved(drawing.bars(points, result.run), out / f"{result.run}_categories", points)
        yield _saved(drawing.radar(points, result.run), out / f"{result.run}_radar", points)
    else:
        yield f"{result.run}: fewer than {_FEWEST} categories, so none are drawn."
    if points := along_epochs(result):
        figure = drawing.curves(points, result.run, axis="epochs")
        yield _saved(figure, out / f"{result.run}_epochs", points)
    else:
        yield f"{result.run}: only one epoch was kept (finetune.keep), so there is no curve."


def _together(results: Sequence[RunResult], out: Path) -> Iterator[str]:
    for axis, points in along_axes(results):
        figure = drawing.curves(points, "Harm after fine-tuning", axis=axis)
        yield _saved(figure, out / f"by_{axis.replace(' ', '_')}", points)
    found = trades(results)
    if len(found) > 1:
        yield _saved(drawing.pareto(found, "Safety and utility"), out / "pareto", found)
    else:
        yield "Fewer than two runs with utility, so safety is not set against it."


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
