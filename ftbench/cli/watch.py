"""``ftbench watch``: follow a run, or a whole sweep, from another terminal until it ends."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ftbench.errors import CellsFailed, UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable
from .stopping import INTERRUPTED, Terminated

if TYPE_CHECKING:
    from ftbench.archive.status import RunStatus

_REST = 5.0
"""How many times as long as a look took nobody looks again, so that a run is not slowed down."""


def watch(words: Sequence[str], catalog: Catalog) -> int:
    """Follow runs until none of them goes on; reads their ledgers and changes nothing."""
    parser = argparse.ArgumentParser(prog="ftbench watch", description=watch.__doc__)
    parser.add_argument(
        "run", nargs="*", type=Path, default=[Path("runs")], help="runs, or folders of runs"
    )
    parser.add_argument(
        "--every", type=float, default=1.0, metavar="SECONDS", help="how often to look (1)"
    )
    options = parser.parse_args(words)
    if not options.every > 0:
        raise UsageError(f"--every {options.every:g} is no time. Give seconds, such as 1.")
    try:
        ended = _followed(options.run, options.every)
    except KeyboardInterrupt as reason:
        if isinstance(reason, Terminated):
            raise
        return INTERRUPTED
    _check(ended)
    return 0


def _followed(places: Sequence[Path], seconds: float) -> list["RunStatus"]:
    """Show the runs until none goes on; those that were seen to go on, or all if none was."""
    from ftbench.archive.following import (  # noqa: PLC0415, slow to import
        RUNNING,
        Followed,
        step_of,
    )

    from .watching import watching  # noqa: PLC0415, slow to import

    followed, gone_on = Followed(places), set[str]()
    with watching(Console(highlight=False)) as shown:
        while True:
            began = time.monotonic()
            found = followed.look()
            shown.show([(one, step_of(one)) for one in found])
            going = {one.run for one in found if one.state == RUNNING}
            gone_on |= going
            if not going:
                return [one for one in found if one.run in gone_on or len(found) == 1]
            time.sleep(max(seconds, _REST * (time.monotonic() - began)))


def _check(ended: Sequence["RunStatus"]) -> None:
    """Raise CellsFailed where a run that was watched is not finished."""
    unfinished = [one for one in ended if one.state != "finished"]
    if unfinished:
        names = ", ".join(Path(one.run).name for one in unfinished)
        raise CellsFailed(
            printable(
                f"{len(unfinished)} of {len(ended)} runs ended before they were finished: {names}. "
                "`ftbench status` tells how far they came; the same command goes on."
            )
        )
