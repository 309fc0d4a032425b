"""Runs that differ in nothing but their seed, read from their folders and summed up."""

from collections.abc import Sequence
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.stages.result import result_of
from ftbench.stages.sheet import UNFORMATTED
from ftbench.statistics.result import RunResult

from .opening import opened
from .rebuild import counted
from .sums import SAME, SeedRun, key_of, summed


def over_seeds_of(folders: Sequence[Path]) -> RunResult:
    """One result over finished runs of one experiment under several seeds.

    Rates and scores are means over seeds, differences are paired by prompt; each figure carries
    its value under every seed. Raises UsageError where the runs differ in more than the seed, and
    StorageError where one of them is not finished.
    """
    runs = sorted((read_seed(folder) for folder in folders), key=lambda run: run.seed)
    _check_alike(runs)
    return summed(runs)


def read_seed(folder: Path) -> SeedRun:
    """A finished run with its numbers. Raises StorageError where it is not finished."""
    with opened(folder) as run:
        found = counted(run)
        scored = {key_of(one): one for one in found.scored if one.sheet.probe != UNFORMATTED}
        return SeedRun(result=result_of(run, found), scored=scored)


def _check_alike(runs: Sequence[SeedRun]) -> None:
    first = runs[0]
    for before, other in zip(runs, runs[1:], strict=False):
        if before.seed == other.seed:
            raise UsageError(
                f"{before.result.run} and {other.result.run} have the same seed {other.seed}: "
                "nothing to sum up over."
            )
        for name in SAME:
            if first.result.record.get(name) != other.result.record.get(name):
                raise UsageError(
                    f"{first.result.run} and {other.result.run} differ in more than their seed: "
                    f"in {name.replace('_', ' ')}."
                )
        parts = (first.result.recipe, first.scored.keys(), first.result.outcome)
        if parts != (other.result.recipe, other.scored.keys(), other.result.outcome):
            raise UsageError(
                f"{first.result.run} and {other.result.run} differ in more than their seed: in "
                "their recipe, in how they were asked, or in how their training ended."
            )
