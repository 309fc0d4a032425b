"""How runs that are followed are shown: live on a terminal, in lines elsewhere."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .printable import printable
from .view import duration

if TYPE_CHECKING:
    from ftbench.archive.following import Step
    from ftbench.archive.status import RunStatus

Shown = Sequence[tuple["RunStatus", "Step"]]
WIDE_COLUMNS = 72
"""From how many columns on there is room for a bar."""
_TENTHS = 10


class Pace:
    """How fast steps come along, from what was seen of them since they began to be watched."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], tuple[float, int]] = {}

    def left(self, run: str, step: "Step") -> str:
        """How long the rest of a step takes; empty while nobody knows."""
        now = time.monotonic()
        began, before = self._first.setdefault((run, step.name), (now, step.done))
        made = step.done - before
        if made <= 0 or step.done >= step.total:
            return ""
        return f"{duration((now - began) * (step.total - step.done) / made)} left"


class WatchedLines:
    """A line when a run begins another step, and for every tenth of one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told: dict[str, tuple[str, int]] = {}
        self._pace = Pace()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Nothing to tidy: every line is whole."""

    def show(self, shown: Shown) -> None:
        """Print what is new."""
        for one, step in shown:
            tenth = _TENTHS * step.done // step.total if step.total else 0
            left = self._pace.left(one.run, step)
            if self._told.get(one.run) != (step.name, tenth):
                self._told[one.run] = (step.name, tenth)
                words = ", ".join(filter(None, (_words(step), left)))
                line = f"{Path(one.run).name}: {words}"
                print(printable(line), file=self._stream, flush=True)


class WatchedLive:
    """A row for every run that goes on; the others are counted."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
        self._pace = Pace()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave what was shown last, and the terminal as it was."""
        self._live.stop()

    def show(self, shown: Shown) -> None:
        """Draw everything anew."""
        self._live.update(self._drawn(shown), refresh=True)

    def _drawn(self, shown: Shown) -> RenderableType:
        console = self._live.console
        going = [(one, step) for one, step in shown if one.state == "running"]
        rows = going or shown
        room = max(1, console.height - 2)
        table = Table(box=None, show_header=False, pad_edge=False, expand=True)
        table.add_column(ratio=3, no_wrap=True, overflow="ellipsis")
        if console.width >= WIDE_COLUMNS:
            table.add_column(ratio=2)
        table.add_column(no_wrap=True)
        for one, step in rows[:room]:
            table.add_row(*self._row(one, step, has_bar=len(table.columns) > 2))  # noqa: PLR2004
        return Group(table, Text(_counted(shown, hidden=len(rows) - room), style="dim"))

    def _row(self, one: "RunStatus", step: "Step", *, has_bar: bool) -> Iterator[RenderableType]:
        left = self._pace.left(one.run, step)
        yield Text(printable(Path(one.run).name))
        if has_bar:
            yield ProgressBar(total=step.total, completed=step.done) if step.total else Text("")
        yield Text(", ".join(filter(None, (_words(step), left))), style=_STYLES.get(step.name, ""))


_STYLES = {"finished": "green", "stopped": "yellow", "damaged": "red", "training": "cyan"}


def _words(step: "Step") -> str:
    return f"{step.name} {step.done}/{step.total}" if step.total else step.name


def _counted(shown: Shown, *, hidden: int) -> str:
    counts = Counter(one.state for one, _ in shown)
    said = ", ".join(f"{n} {state}" for state, n in counts.items())
    return f"{said} ({hidden} more go on than there is room for)" if hidden > 0 else said


def watching(console: Console) -> WatchedLines | WatchedLive:
    """The way of showing that fits where the output goes."""
    is_able = console.is_terminal and not console.is_dumb_terminal
    return WatchedLive(console) if is_able else WatchedLines(console.file)  # type: ignore[arg-type]
