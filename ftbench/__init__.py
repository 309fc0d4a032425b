"""Measure how safe a language model stays after fine-tuning."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from .methods import Full, Lora
from .plugin import hookimpl
from .plugin.offers import Command, ShippedModel
from .plugin.one_by_one import OneByOne
from .roles import (
    Attack,
    Audit,
    Backend,
    Dataset,
    Defense,
    Judge,
    Method,
    Publisher,
    transport,
)

if TYPE_CHECKING:
    from .gate.check import Checked
    from .statistics.result import RunResult

__all__ = [
    "Attack",
    "Audit",
    "Backend",
    "Command",
    "Dataset",
    "Defense",
    "Full",
    "Judge",
    "Lora",
    "Method",
    "OneByOne",
    "Publisher",
    "ShippedModel",
    "check",
    "dataset",
    "hookimpl",
    "load",
    "run",
    "transport",
]

__version__ = "0.1.0"


def run(*commands: str) -> "list[RunResult]":
    """Run benchmarks from Python: ``ftbench.run("model=organism attack=identity_shift")``.

    Each command is what would follow ``ftbench`` in a shell, ``-m`` sweeps included; all run as
    one, so that work they share is done once. One result per run; one that failed says so in
    ``failure``. Raises FtbenchError and Hydra's own errors for a command that cannot be composed.
    """
    from .config.compose import compose  # noqa: PLC0415, slow to import
    from .pipeline import run as run_cells  # noqa: PLC0415
    from .plugin.catalog import read_catalog  # noqa: PLC0415
    from .stages.watch import Silent  # noqa: PLC0415

    catalog = read_catalog()
    cells = [cell for command in commands for cell in compose(shlex.split(command), catalog)]
    return run_cells(cells, catalog=catalog, watch=Silent())


def load(folder: "str | Path") -> "RunResult":
    """A finished run from its folder, without torch. Raises UsageError where it holds none."""
    from .archive.reading import read_result  # noqa: PLC0415, slow to import

    return read_result(Path(folder))


def check(
    path: str,
    *words: str,
    tuned: str | None = None,
    quick: bool = False,
) -> "Checked":
    """Check a training file from Python: ``ftbench.check("train.jsonl", "model=organism")``.

    The words are those of ``ftbench check``, ``gate.max_rate_increase=2pp`` included; ``tuned`` is
    a model or an adapter that was trained on the file already. The check's ``gate`` says what is
    decided, ``is_failed`` whether too much was lost. Raises FtbenchError.
    """
    from .config.compose import compose  # noqa: PLC0415, slow to import
    from .errors import UsageError  # noqa: PLC0415
    from .gate.check import Wanted, words_of  # noqa: PLC0415
    from .gate.check import check as checked  # noqa: PLC0415
    from .gate.thresholds import take_thresholds  # noqa: PLC0415
    from .plugin.catalog import read_catalog  # noqa: PLC0415

    catalog = read_catalog()
    parted = take_thresholds([part for word in words for part in shlex.split(word)])
    wanted = Wanted(path=path, tuned=tuned, quick=quick, words=parted.rest)
    cells = compose(words_of(wanted, catalog), catalog)
    if len(cells) != 1:
        raise UsageError(f"A check is one run, and these words make {len(cells)}.")
    return checked(cells[0], parted.thresholds, catalog=catalog)


def dataset(name: str) -> Dataset:
    """A dataset by its name, with its default settings, for components that need data.

    Raises UsageError where no installed plugin offers one of that name.
    """
    from .errors import UsageError  # noqa: PLC0415
    from .plugin.catalog import read_catalog  # noqa: PLC0415, asks every plugin

    offers = read_catalog().components["dataset"]
    if name not in offers:
        raise UsageError(f"There is no dataset {name!r}; there are {', '.join(offers)}.")
    made: Dataset = offers[name].thing()
    return made
