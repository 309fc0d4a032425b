"""Ctrl-C and SIGTERM: the first asks the work to stop where it can go on, the second stops it."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
OF_SCHEDULERS = (signal.SIGUSR1, signal.SIGUSR2)
"""Sent to jobs whose time is soon over, or that have to make room."""


INTERRUPTED, TERMINATED = 130, 143


class Terminated(KeyboardInterrupt):
    """Somebody asked this process to end."""


def exit_code_of(reason: KeyboardInterrupt) -> int:
    """What a process ends with that was asked to end."""
    return TERMINATED if isinstance(reason, Terminated) else INTERRUPTED


class Stopping:
    """Whether the user asked to stop, and how."""

    def __init__(self) -> None:
        """Nobody has asked."""
        self.signal: int | None = None

    def __call__(self) -> bool:
        """True once somebody asked."""
        return self.signal is not None

    def raise_if_asked(self) -> None:
        """End as the signal would have ended the process, now that nothing is in hand."""
        if self.signal == signal.SIGTERM:
            raise Terminated
        if self.signal is not None:
            raise KeyboardInterrupt

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        if self():
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
        self.signal = number
        words = "Finishing what is in hand, so that nothing is lost. Once more stops at once."
        print(f"\n{words}", file=sys.stderr)


class OfJob(Stopping):
    """Hears schedulers too. They signal several times what they mean once: that is no hurry."""

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; only Ctrl-C typed twice stops at once."""
        if not self() or self.signal == number == signal.SIGINT:
            super().hear(number, frame)


@contextmanager
def heard_signals(*, is_job: bool = False) -> Iterator[Stopping]:
    """Listen to both signals while work goes on; other threads than the main one cannot.

    One that ``is_job`` of a launcher listens to what schedulers send, too.
    """
    stopping = OfJob() if is_job else Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    numbers = (*SIGNALS, *OF_SCHEDULERS) if is_job else SIGNALS
    before = {number: signal.signal(number, stopping.hear) for number in numbers}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
