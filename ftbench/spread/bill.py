"""What a sweep can cost at services, told before its jobs begin."""

from collections.abc import Sequence

from ftbench.config.compose import Cell
from ftbench.errors import FtbenchError
from ftbench.plugin.catalog import Catalog
from ftbench.stages.bench import Bench
from ftbench.stages.costs import Cost, costs, total
from ftbench.stages.prepare import prepare
from ftbench.stages.watch import Watch


def bill(cells: Sequence[Cell], *, catalog: Catalog, watch: Watch) -> str:
    """The bill of all cells in words; empty where nobody can send one.

    Cells are only planned where one of their components has a service: elsewhere that is left
    to the machines that have the models.
    """
    billed = [cell for cell in cells if can_be_billed(cell)]
    if not billed:
        return ""
    bench = Bench(billed, catalog=catalog, watch=watch)
    try:
        parts = [part for work in bench.works for part in _parts(bench, work.cell)]
    finally:
        bench.close()
    if not parts:
        return ""
    lines = "\n".join(f"  {part}" for part in dict.fromkeys(map(str, parts)))
    return f"{lines}\n  in all for {len(billed)} runs: {total(parts)}"


def can_be_billed(cell: Cell) -> bool:
    """Whether one of its components works at a service."""
    config = cell.config
    components = [config.backend, *config.judge.values(), *config.audit.values()]
    return any(component.service() is not None for component in components)


def _parts(bench: Bench, cell: Cell) -> list[Cost]:
    """Nothing of a cell that cannot be planned: its job says so, and buys nothing for it."""
    (work,) = [work for work in bench.works if work.cell is cell]
    try:
        plan = prepare(
            cell,
            backend=bench.backend(work),
            questionnaire=bench.questionnaire(work),
            catalog=bench.catalog,
        )
    except FtbenchError:
        return []
    return costs(plan)
