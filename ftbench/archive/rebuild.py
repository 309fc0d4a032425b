"""Every file of a run, made again from its ledger alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.errors import StorageError
from ftbench.ledger.seal import SEAL
from ftbench.ledger.store import Ledger
from ftbench.stages.folder import RunFolder
from ftbench.stages.sheet import lm_eval_fact, stated_sheets

if TYPE_CHECKING:
    from ftbench.stages.derived import DerivedFile
    from ftbench.stages.tally import Tally

NEEDED = ("started", "questions", "sheets", "judges", "utility", "about", "composed")
"""The facts that a finished run has stated, in this order."""


def unstated(ledger: Ledger) -> list[str]:
    """The facts that are missing for a result: none of a finished run."""
    missing = [name for name in NEEDED if ledger.fact(name) is None]
    if {"questions", "sheets"} & set(missing):
        return missing
    scored = [lm_eval_fact(sheet) for sheet in stated_sheets(ledger)]
    return missing + [name for name in scored if ledger.fact(name) is None]


def counted(run: RunFolder) -> "Tally":
    """Count a finished run again. Raises StorageError where it is not finished, or damaged."""
    from ftbench.stages.tally import tally  # noqa: PLC0415, slow to import

    if missing := unstated(run.ledger):
        raise StorageError(
            f"{run.path} is not finished: its ledger says nothing of its {missing[0]}. "
            "The same command goes on."
        )
    return tally(run.ledger)


def rebuilt(run: RunFolder, found: "Tally") -> "Iterator[DerivedFile]":
    """The files of a run as they were published, wherever its folder lies by now."""
    from ftbench.stages.derived import derived_files  # noqa: PLC0415, slow to import
    from ftbench.stages.result import result_of  # noqa: PLC0415

    composed = run.ledger.fact("composed") or {}
    sealed = run.ledger.fact(SEAL) or {}
    name = sealed.get("run", run.path.resolve().name)
    published = RunFolder(path=Path(name), ledger=run.ledger)
    yield from derived_files(composed, result_of(published, found), found)
