"""Which cells of a sweep go into one job: those that share the most work."""

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from ftbench.config.compose import Cell
from ftbench.errors import UsageError

_SHARED = ("model", "backend", "suite")
_JOBS, _MOST_CELLS = 4, 16
"""Unless the user says otherwise: few jobs, because each loads the base and asks it everything."""


def grouped(cells: Sequence[Cell]) -> list[list[int]]:
    """The numbers of the cells of each job; each has one base, and neighbours share a training.

    ``cells_per_job`` is how many a job does; where that is null, a quarter of the sweep, and 16
    at most. Raises UsageError where that is no number of cells, or the cells do not agree.
    """
    size = _size(cells)
    bases: dict[str, list[int]] = {}
    for number, cell in enumerate(cells):
        shared = {name: cell.composed[name] for name in _SHARED}
        bases.setdefault(_as_text(shared), []).append(number)
    groups = []
    for numbers in bases.values():
        together = [number for family in _families(cells, numbers) for number in family]
        groups += [together[n : n + size] for n in range(0, len(together), size)]
    return groups


def _size(cells: Sequence[Cell]) -> int:
    said = {cell.config.cells_per_job for cell in cells}
    if len(said) > 1:
        raise UsageError("All cells of one command share one cells_per_job: give it once.")
    (size,) = said
    if size is None:
        return min(_MOST_CELLS, ceil(len(cells) / _JOBS))
    if size < 1:
        raise UsageError(f"cells_per_job={size} is no number of cells. Give one from 1.")
    return size


def _families(cells: Sequence[Cell], numbers: Sequence[int]) -> list[list[int]]:
    """Cells that differ in nothing but their epochs or their judges are neighbours."""
    found: dict[str, list[int]] = {}
    for number in numbers:
        rest = {k: v for k, v in cells[number].composed.items() if k not in ("judge", "name")}
        rest["finetune"] = {k: v for k, v in rest["finetune"].items() if k != "epochs"}
        found.setdefault(_as_text(rest), []).append(number)
    return list(found.values())


def _as_text(config: Mapping[str, Any]) -> str:
    """Equal for equal configs; also of a rate that is no number, which its own run refuses."""
    return json.dumps(config, sort_keys=True)
