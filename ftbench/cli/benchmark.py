"""``ftbench model=... attack=...``: compose the runs of a command, do them, show what came out."""

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Protocol

from ftbench.config.compose import Cell, compose
from ftbench.config.launchers import Launcher, launcher_of
from ftbench.config.store import register_configs
from ftbench.plugin.catalog import Catalog
from ftbench.stages.watch import Watch
from ftbench.statistics.result import RunResult

from .consent import consent
from .explain import explained
from .flags import Flags, take_flags
from .printable import printable
from .printing import report
from .secrets_scan import refuse_secrets, refuse_secrets_in
from .stopping import heard_signals
from .view import view


class Pipeline(Protocol):
    """What does the runs; the module ``ftbench.pipeline`` outside of tests."""

    def run(
        self,
        cells: Sequence[Cell],
        *,
        catalog: Catalog,
        watch: Watch,
        stopping: Callable[[], bool],
        confirm: Callable[[str], None],
    ) -> list[RunResult]:
        """Do every run, until ``stopping`` is true; ``confirm`` sees the bill first."""
        ...

    def plan(self, cells: Sequence[Cell], *, catalog: Catalog, watch: Watch) -> list[str]:
        """Say what would be done."""
        ...


def benchmark(words: Sequence[str], catalog: Catalog, pipeline: Pipeline | None = None) -> int:
    """Run once for every combination that Hydra composes; returns the exit code."""
    flags, rest = take_flags(words)
    refuse_secrets(rest)
    name_broken_plugins(catalog)
    with explained(rest, catalog):
        cells = compose(rest, catalog)
        launcher = launcher_of(rest, cells, catalog)
    if not cells:
        return 0
    for cell in cells:
        refuse_secrets_in(cell.composed)
    done_by = _spread(launcher) if launcher else pipeline or _real_pipeline()
    return _do(cells, catalog, pipeline=done_by, flags=flags)


def _do(cells: Sequence[Cell], catalog: Catalog, *, pipeline: Pipeline, flags: Flags) -> int:
    """Run or plan; what libraries print meanwhile must not get into the result on stdout."""
    with view(quiet=flags.quiet) as watch, redirect_stdout(sys.stderr):
        if flags.dry_run:
            plans = pipeline.plan(cells, catalog=catalog, watch=watch)
        else:
            with heard_signals() as stopping:
                confirm = consent(yes=flags.yes, budget=cells[0].config.budget_usd)
                results = pipeline.run(
                    cells, catalog=catalog, watch=watch, stopping=stopping, confirm=confirm
                )
            stopping.raise_if_asked()
    if flags.dry_run:
        print(printable("\n".join(plans)))
        return 0
    return report(cells, results, flags)


def name_broken_plugins(catalog: Catalog) -> None:
    """A line for each broken plugin; the run goes on, and fails only if it needs one of them."""
    problems = (*catalog.problems, *register_configs(catalog))
    for line in dict.fromkeys(map(str, problems)):
        print(printable(f"ftbench: {line}"), file=sys.stderr)


def _spread(launcher: Launcher) -> Pipeline:
    from ftbench.spread.spreading import Spread  # noqa: PLC0415, slow to import

    return Spread(launcher=launcher)


def _real_pipeline() -> Pipeline:
    from ftbench import pipeline  # noqa: PLC0415, slow to import

    return pipeline
