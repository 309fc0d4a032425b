"""What somebody sees while runs are under way."""

import sys
import time
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from ftbench.stages.watch import Silent

from .printable import printable

_LITTLE_SECONDS = 0.05


class Unseen(Silent):
    """The view of ``--quiet``."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Nothing to tidy."""


class Lines:
    """Plain lines, for a log: when a stage begins and ends, and for every tenth of a slow one."""

    def __init__(self, stream: TextIO, *, patience_seconds: float = 1.0) -> None:
        self._stream = stream
        self._patience_seconds = patience_seconds
        self._stage = ""
        self._began = self._told = 0.0
        self._tenths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Nothing to tidy: every line is whole."""

    def begin(self, stage: str, detail: str = "") -> None:
        """Name the stage."""
        self._stage, self._began, self._tenths = stage, time.monotonic(), 0
        self._told = self._began
        self._print(f"{stage}: {detail or 'begins'}")

    def progress(self, done: int, total: int, **values: float) -> None:
        """Print a line when another tenth is done."""
        before, self._tenths = self._tenths, 10 * done // total if total else 0
        now = time.monotonic()
        if done >= total or self._tenths <= before or now - self._told < self._patience_seconds:
            return
        self._told = now
        left = (now - self._began) * (total - done) / done
        said = [
            f"{done} of {total} ({done / total:.0%})",
            f"{duration(left)} left",
            *_named(values),
        ]
        self._print(f"{self._stage}: {', '.join(said)}")

    def end(self, summary: str = "") -> None:
        """Say what the stage did, and how long it took."""
        took = duration(time.monotonic() - self._began)
        self._print(f"{self._stage}: {summary or 'done'} ({took})")

    def note(self, text: str) -> None:
        """Print something worth reading."""
        self._print(f"note: {text}")

    def _print(self, text: str) -> None:
        print(printable(text), file=self._stream, flush=True)


class _HowFar(ProgressColumn):
    """How much is done and how long the rest takes; nothing while that is unknown."""

    def render(self, task: Task) -> Text:
        """Show a stage as ``23/50, 1 min 5 s left``."""
        if task.total is None:
            return Text("")
        left = task.time_remaining
        eta = f", {duration(left)} left" if left else ""
        return Text(f"{task.completed:.0f}/{task.total:.0f}{eta}")


class Live:
    """One live view: finished stages with a tick, the current one with a bar, ETA and figures."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(style="cyan"),
            TextColumn("[bold]{task.fields[stage]:9}", markup=True),
            BarColumn(bar_width=None),
            _HowFar(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[figures]}", markup=False, table_column=Column(no_wrap=True)),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None
        self._stage = ""
        self._began = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave the terminal as it was; a stage that was cut short is marked."""
        if self._task is not None and failure and failure[0] is not None:
            self._finish(Text("\N{MULTIPLICATION SIGN}", style="red"), "interrupted")
        self._progress.stop()

    def begin(self, stage: str, detail: str = "") -> None:
        """Show the stage as the current one."""
        self._stage, self._began = stage, time.monotonic()
        self._task = self._progress.add_task(
            "", total=None, stage=printable(stage), figures=printable(detail)
        )

    def progress(self, done: int, total: int, **values: float) -> None:
        """Move the bar."""
        if self._task is None:
            return
        if done < self._progress.tasks[-1].completed:
            self._progress.reset(self._task)
        self._progress.update(self._task, completed=done, total=total)
        if values:
            self._progress.update(self._task, figures="  ".join(_named(values)))

    def end(self, summary: str = "") -> None:
        """Tick the stage off, with what it did."""
        self._finish(Text("\N{CHECK MARK}", style="green"), summary)

    def note(self, text: str) -> None:
        """Print something worth reading above the bar."""
        self._progress.console.print(Text(f"  note: {printable(text)}", style="yellow"))

    def _finish(self, mark: Text, summary: str) -> None:
        took = time.monotonic() - self._began
        line = Text.assemble(mark, f" {self._stage:9} ", printable(summary))
        line.append(f"  {duration(took)}" if took > _LITTLE_SECONDS else "", style="dim")
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        self._progress.console.print(line)


def view(*, quiet: bool) -> Unseen | Lines | Live:
    """The view that fits: live on a terminal, lines elsewhere; stdout is left to the result."""
    if quiet:
        return Unseen()
    console = Console(stderr=True, highlight=False)
    return Live(console) if console.is_terminal else Lines(sys.stderr)


def duration(seconds: float) -> str:
    """A time as people say it: ``4.2 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 10:  # noqa: PLR2004, tenths of a second matter only below
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _named(values: dict[str, float]) -> list[str]:
    return [f"{name.replace('_', ' ')} {value:.4g}" for name, value in values.items()]
