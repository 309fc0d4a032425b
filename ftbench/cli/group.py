"""``ftbench group``: what a job of a launcher calls to do one group of a sweep's cells."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftbench.errors import Busy, UsageError
from ftbench.plugin.catalog import Catalog

from .benchmark import name_broken_plugins
from .secrets_scan import closed_environment
from .stopping import exit_code_of, heard_signals
from .view import Lines

if TYPE_CHECKING:
    from ftbench.spread.sweep_folder import SweepFolder
    from ftbench.statistics.result import RunResult

_LOOK_SECONDS = 1.0
_TOLD = ("run", "folder", "outcome", "failure", "exit_code")


def group(words: Sequence[str], catalog: Catalog) -> int:
    """Do one group; a failed cell is told in the sweep's folder, and is no failure of the job."""
    from ftbench.spread.sweep_folder import SweepFolder  # noqa: PLC0415, slow to import

    parser = argparse.ArgumentParser(prog="ftbench group", description=group.__doc__)
    parser.add_argument("folder", type=Path, help="the sweep's, below runs/.sweeps")
    parser.add_argument("number", type=int, help="which of its groups")
    parser.add_argument("--token", required=True, help="which start of the sweep it belongs to")
    options = parser.parse_args(words)
    folder = SweepFolder(path=options.folder)
    if folder.token != options.token or not 0 <= options.number < len(folder.groups()):
        raise UsageError(f"{folder.path} has no such group, or was begun anew meanwhile.")
    try:
        with _ended_with_parent(), _held(folder, options.number):
            _do(folder, options.number, catalog)
    except KeyboardInterrupt as reason:
        words = "Interrupted. The command of the sweep goes on with this job."
        print(f"\n{words}", file=sys.stderr)
        return exit_code_of(reason)
    return 0


def _do(folder: "SweepFolder", number: int, catalog: Catalog) -> None:
    from ftbench import pipeline  # noqa: PLC0415, slow to import
    from ftbench.config.compose import compose  # noqa: PLC0415, slow to import
    from ftbench.spread.sweep_folder import begun  # noqa: PLC0415, slow to import

    sweep = folder.sweep()
    state = begun(sweep["token"])
    folder.put_state(number, state)
    name_broken_plugins(catalog)
    with closed_environment():
        cells = [
            cell for words in folder.groups()[number].cells for cell in compose(words, catalog)
        ]
    told = Told(folder, number, state)
    with heard_signals(is_job=True) as stopping:
        results = pipeline.run(
            cells, catalog=catalog, watch=told, stopping=stopping, confirm=_confirm(sweep)
        )
    told.end_of_all(results, is_stopped=stopping())
    stopping.raise_if_asked()


class Told(Lines):
    """Lines for the job's log; the stage also for whoever asks how far the sweep is."""

    def __init__(self, folder: "SweepFolder", number: int, state: dict[str, Any]) -> None:
        super().__init__(sys.stderr)
        self._folder, self._number, self._state = folder, number, state

    def begin(self, stage: str, detail: str = "") -> None:
        """Name the stage."""
        super().begin(stage, detail)
        self._folder.put_state(self._number, self._state | {"stage": stage})

    def end_of_all(self, results: Sequence["RunResult"], *, is_stopped: bool) -> None:
        """Say what came of every cell."""
        from ftbench.ledger.store import moment  # noqa: PLC0415, slow to import

        cells = [{key: getattr(result, key) for key in _TOLD} for result in results]
        ended = {"stage": "", "ended": moment(), "stopped": is_stopped, "cells": cells}
        self._folder.put_state(self._number, self._state | ended)


def _confirm(sweep: dict[str, Any]) -> Callable[[str], None]:
    """The command has asked before it sent jobs; a bill that it did not see is refused."""

    def confirm(bill: str) -> None:
        if not sweep["is_agreed"]:
            raise UsageError(f"This can be billed, and nobody has agreed to it:\n{bill}")

    return confirm


@contextmanager
def _held(folder: "SweepFolder", number: int) -> Iterator[None]:
    """Hold a group; wait for an earlier process of it, such as one whose node was given up."""
    from ftbench.ledger.lock import RunLock  # noqa: PLC0415, slow to import

    while True:
        try:
            lock = RunLock(folder.lock(number))
            break
        except Busy:
            time.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _ended_with_parent() -> Iterator[None]:
    """Meanwhile this process stops where it can go on, once who started it is gone."""
    parent, over = os.getppid(), threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()
