"""Proves the sum of several seeds: every run of it is whole, and it says what they say."""

from pathlib import Path

from ftbench.errors import FtbenchError, UsageError
from ftbench.stages.folder import RESULT

from .damage import Damage
from .opening import check_is_run
from .reading import read_result
from .seeds import over_seeds_of
from .summary import runs_of, text_of
from .verify import Verification, verify

AGAIN = "The same command writes it anew from its runs."


def verify_seeds(folder: Path) -> Verification:
    """Check every run that a summary sums up, then its figures against theirs.

    Raises UsageError where the folder holds figures of something else.
    """
    try:
        seeds = read_result(folder).seeds
    except UsageError:
        unreadable = Damage(file=RESULT, wrong="cannot be read", remedy=AGAIN)
        return Verification(run=str(folder), damages=(unreadable,))
    if not seeds:
        check_is_run(folder)
    runs = runs_of(folder)
    damages = [damage for run in runs if (damage := _damage_of(run))]
    if not damages and (folder / RESULT).read_text(encoding="utf-8") != text_of(
        over_seeds_of(runs)
    ):
        damages.append(Damage(file=RESULT, wrong="is not what its runs say", remedy=AGAIN))
    return Verification(run=str(folder), damages=tuple(damages), checked={"run": len(runs)})


def _damage_of(run: Path) -> Damage | None:
    """Why a run of the summary cannot be relied upon."""
    try:
        if verify(run).is_whole:
            return None
    except FtbenchError as error:
        return Damage(file=run.name, wrong=f"cannot be checked: {error}", remedy=AGAIN)
    return Damage(file=run.name, wrong="is not whole", remedy=f"See: ftbench verify {run}")
