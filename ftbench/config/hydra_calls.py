"""How Hydra is called: it reads our words, raises instead of printing, and writes nothing."""

import importlib.util
import io
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any, TypeVar

import hydra
from hydra.core.override_parser.types import Quote, QuotedString
from omegaconf import DictConfig

from ftbench.errors import UsageError
from ftbench.locations import CONF_DIR
from ftbench.plugin.catalog import Catalog

from .store import register_configs

Taken = TypeVar("Taken")
_OPTIONS_WITH_PATH = ("--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn")
_OPTIONS_WITH_VALUE = ("--cfg", "-c", "--info", "-i", "--package", "-p")
_ONLY_PRINT = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--help", "-h")


def taken_of_hydra(
    arguments: Sequence[str], catalog: Catalog, take: Callable[[DictConfig], Taken]
) -> list[Taken]:
    """Let Hydra compose what the words of a command describe, and take something of each config.

    That is done in this process, whatever launcher the words choose.
    """
    register_configs(catalog)
    taken: list[Taken] = []

    def collect(composed: DictConfig) -> None:
        taken.append(take(composed))

    options, overrides = split_words(arguments)
    if not any(option.partition("=")[0] in _ONLY_PRINT for option in options):
        overrides = [word for word in overrides if not is_of_launcher(word)]
        overrides.append(f"hydra/launcher={_here()}")
    with tempfile.TemporaryDirectory(prefix="ftbench-") as folder:
        hand_over(collect, options, overrides, folder=folder)
    return taken


def hand_over(
    task: Callable[[DictConfig], Any],
    options: Sequence[str],
    overrides: Sequence[str],
    *,
    folder: str,
) -> None:
    """Let Hydra compose, and its launcher call ``task``; what Hydra writes lies in a folder."""
    decorate = hydra.main(version_base="1.3", config_path=str(CONF_DIR), config_name="run")
    quiet = _quiet_hydra(overrides, folder)
    _run(decorate(task), [*options, "--", *overrides, *quiet])


def split_words(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part Hydra's options, with their values, from the overrides.

    Hydra itself understands options only before the first or after the last override.
    """
    options: list[str] = []
    overrides: list[str] = []
    for before, word in zip(["", *arguments], arguments, strict=False):
        belongs = before in _OPTIONS_WITH_VALUE and "=" not in word
        is_option = word.startswith("-") or before in _OPTIONS_WITH_PATH or belongs
        (options if is_option else overrides).append(word)
    return options, overrides


def is_of_launcher(word: str) -> bool:
    """Whether a word chooses or sets a launcher of Hydra's."""
    key = word.lstrip("+~").partition("=")[0].partition("@")[0]
    return key == "hydra/launcher" or key.startswith("hydra.launcher")


def quoted(text: str) -> str:
    """A text as the value of an override, quotes and the backslashes of Windows included."""
    return QuotedString(text=text, quote=Quote.single).with_quotes()


def _here() -> str:
    """The launcher of this process: ``joint`` where it is installed, or else Hydra's own."""
    try:
        return "joint" if importlib.util.find_spec("hydra_plugins.ftbench_joint") else "basic"
    except ModuleNotFoundError:
        return "basic"


def _quiet_hydra(arguments: Sequence[str], folder: str) -> list[str]:
    """Overrides that make Hydra write nothing: no logs, no output folders of its own."""
    groups = ("hydra/job_logging", "hydra/hydra_logging")
    chosen = {word.partition("=")[0] for word in arguments}
    return [
        *(f"{group}=none" for group in groups if group not in chosen),
        "hydra.output_subdir=null",
        "hydra.job.chdir=false",
        f"hydra.run.dir={quoted(folder)}",
        f"hydra.sweep.dir={quoted(folder)}",
        "hydra.sweep.subdir='${hydra.job.num}'",
    ]


def _run(application: Any, words: list[str]) -> None:
    """Call Hydra, which reads ``sys.argv`` and writes its complaints to stderr."""
    complaints = io.StringIO()
    try:
        with _as_hydra_reads(words), redirect_stderr(complaints):
            application()
    except SystemExit as ended:
        if ended.code:
            lines = complaints.getvalue().strip().splitlines() or ["Hydra ended early."]
            raise UsageError(lines[-1].removeprefix("ftbench: error: ")) from None
    sys.stderr.write(complaints.getvalue())


@contextmanager
def _as_hydra_reads(words: list[str]) -> Iterator[None]:
    """Give Hydra its words, make it raise instead of print; undo what it does to the process."""
    before, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    sys.argv = ["ftbench", *words]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = before
        root.setLevel(level)
        root.handlers[:] = handlers
        if full_error is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error
