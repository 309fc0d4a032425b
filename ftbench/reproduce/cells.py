"""Runs many experiments in one command, each under several seeds; what they share is done once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ftbench.archive.summary import sum_up
from ftbench.config.compose import Cell, compose
from ftbench.errors import FtbenchError
from ftbench.pipeline import plan, run
from ftbench.plugin.catalog import Catalog
from ftbench.stages.outlook import Outlook
from ftbench.stages.watch import Watch
from ftbench.statistics.result import RunResult

Words = tuple[str, ...]


def composed(experiments: Iterable[Words], catalog: Catalog) -> dict[Words, list[Cell]]:
    """The cells of each distinct experiment, one per seed. Raises what Hydra raises."""
    return {words: compose(words, catalog) for words in dict.fromkeys(experiments)}


def measured(
    cells: Mapping[Words, Sequence[Cell]],
    *,
    catalog: Catalog,
    watch: Watch,
    stopping: Callable[[], bool],
    confirm: Callable[[str], None],
) -> dict[Words, RunResult]:
    """The result of each experiment, summed up over its seeds; a failure says why in the result.

    ``confirm`` sees the bill first, as in ``pipeline.run``.
    """
    every = [cell for group in cells.values() for cell in group]
    done = run(every, catalog=catalog, watch=watch, stopping=stopping, confirm=confirm)
    results = iter(done)
    return {words: _summed([next(results) for _ in group]) for words, group in cells.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What one experiment would do, in words, and what it still needs."""

    lines: Sequence[str]
    missing: Sequence[str] = ()


def planned(cells: Sequence[Cell], *, catalog: Catalog, watch: Watch) -> Planned:
    """The plan of an experiment's first seed; its outline where something is out of reach."""
    try:
        return Planned(lines=plan(cells[:1], catalog=catalog, watch=watch))
    except FtbenchError as error:
        outlook = Outlook(cell=cells[0], catalog=catalog)
        lines = list(outlook.lines())
        return Planned(lines=lines, missing=outlook.missing or [str(error)])


def _summed(results: Sequence[RunResult]) -> RunResult:
    """One result over seeds, with what one of them cost; the first that failed where one did."""
    failed = [result for result in results if result.failure]
    if failed or len(results) == 1:
        return (failed or list(results))[0]
    folders = dict.fromkeys(Path(result.folder) for result in results)
    if len(folders) == 1:
        return results[0]
    summed, first = sum_up(list(folders)), results[0].record
    seconds = [sum((one.record.get("seconds") or {}).values()) for one in results]
    cost = {"finetune": first.get("finetune"), "seconds": {"mean": sum(seconds) / len(seconds)}}
    return replace(summed, record={**summed.record, **cost})
