"""Tells who watches how far the jobs of a sweep are, from what they write of themselves."""

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ftbench.stages.watch import Watch

from .sweep_folder import SweepFolder

_LOOK_SECONDS = 1.0


@contextmanager
def followed(
    folder: SweepFolder, watch: Watch, stopping: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Meanwhile jobs are counted; once the user asks to stop, who waits for them is interrupted.

    Jobs of a cluster go on then; those on this terminal have heard the user too. Who listens to
    the user while it waits says nothing of ``stopping``.
    """
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(folder, watch, stopping, over), daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def _look(
    folder: SweepFolder, watch: Watch, stopping: Callable[[], bool], over: threading.Event
) -> None:
    token, groups = folder.token, folder.groups()
    total = sum(len(group.cells) for group in groups)
    told = -1
    while not over.wait(_LOOK_SECONDS):
        states = [folder.state(number) for number in range(len(groups))]
        done = sum(len(s["cells"]) for s in states if s is not None and s["token"] == token)
        if done != told:
            watch.progress(done, total)
            told = done
        if stopping():
            _thread.interrupt_main()
            return
