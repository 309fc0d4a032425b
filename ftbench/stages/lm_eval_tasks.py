"""Finds lm-eval tasks by name: ours, those of plugins, and lm-eval's own where a suite asks."""

import difflib
import logging
import os
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from ftbench.errors import DataError, FtbenchError, UsageError
from ftbench.locations import TASKS_DIR
from ftbench.plugin.catalog import Catalog


def task_folders(catalog: Catalog) -> list[Path]:
    """Every folder that holds tasks; a plugin's cannot hide ours."""
    return [*catalog.task_dirs, TASKS_DIR]


def load_tasks(names: Sequence[str], catalog: Catalog) -> dict[str, Any]:
    """lm-eval's own dictionary of tasks, groups and which task is in which group.

    Reading lm-eval's 14,000 built-in tasks takes seconds: only where a name is not among ours.
    Raises UsageError for an unknown name, DataError for a task whose data cannot be had.
    """
    quieten()
    folders = tuple(str(folder) for folder in task_folders(catalog))
    manager = _manager(folders, with_lm_evals_own=False)
    if not set(names) <= set(manager.all_tasks):
        manager = _manager(folders, with_lm_evals_own=True)
    for name in names:
        if name not in manager.all_tasks:
            raise UsageError(_unknown(name, manager.all_tasks))
    try:
        return dict(manager.load(list(names)))
    except FtbenchError:
        raise
    except (OSError, ValueError, KeyError, ConnectionError) as error:
        words = " ".join(str(error).split())[:300]
        raise DataError(f"The tasks {', '.join(names)} cannot be loaded: {words}") from error


@cache
def _manager(folders: tuple[str, ...], *, with_lm_evals_own: bool) -> Any:
    """Who knows where tasks are; folders are read once for one process."""
    from lm_eval.api import task  # noqa: PLC0415, slow to import
    from lm_eval.tasks import TaskManager  # noqa: PLC0415

    # A program that trains has tqdm long before us, which reads TQDM_DISABLE only when it is read.
    task.tqdm = partial(task.tqdm, disable=True)
    return TaskManager(include_path=list(folders), include_defaults=with_lm_evals_own)


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3)
    meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"No task is called {name!r}.{meant} `ftbench tasks` lists ftbench's own."


def quieten() -> None:
    """Silence the libraries' own progress bars and notices; ours say what is going on."""
    os.environ["TQDM_DISABLE"] = "1"
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for name in ("lm_eval", "lm-eval", "datasets", "transformers"):
        logging.getLogger(name).setLevel(logging.ERROR)


def leaves(name: str, tasks: dict[str, Any]) -> list[str]:
    """The tasks behind a name: itself, or all that a group holds, however deep."""
    children = (tasks.get("group_map") or {}).get(name)
    if children is None:
        return [name]
    return [leaf for child in children for leaf in leaves(child, tasks)]
