"""``ftbench tasks``: the lm-eval tasks at hand, and the folder to give to lm_eval."""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.locations import TASKS_DIR
from ftbench.plugin.catalog import Catalog

from .listing import print_lines
from .suggest import hint

_NAME = re.compile(r"^(?:task|group):[ \t]*[\"']?([\w.-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFolder:
    """A benchmark: its folder and the tasks and groups that its YAML files define."""

    folder: Path
    tasks: tuple[str, ...]


def tasks(words: Sequence[str], catalog: Catalog) -> int:
    """List the folders of tasks, or print the one that holds a task."""
    parser = argparse.ArgumentParser(prog="ftbench tasks", description=tasks.__doc__)
    parser.add_argument("--path", metavar="TASK", help="print the folder for --include_path")
    options = parser.parse_args(words)
    if not options.path:
        return print_tasks(catalog)
    for found in task_folders(catalog):
        if options.path == found.folder.name or options.path in found.tasks:
            print(found.folder)
            return 0
    known = {task for found in task_folders(catalog) for task in found.tasks}
    raise UsageError(
        f"No installed package has a task {options.path!r}. {hint(options.path, known)}"
    )


def print_tasks(catalog: Catalog) -> int:
    """Print one line per folder of tasks."""
    rows = [
        (found.folder.name, ", ".join(found.tasks), str(found.folder))
        for found in task_folders(catalog)
    ]
    print_lines(rows)
    return 0


def task_folders(catalog: Catalog) -> Iterator[TaskFolder]:
    """Every folder of tasks: ours, then the plugins'."""
    for place in (TASKS_DIR, *catalog.task_dirs):
        folders = sorted(path for path in place.iterdir() if path.is_dir())
        for folder in [*folders, place]:
            files = folder.glob("*.yaml") if folder == place else folder.rglob("*.yaml")
            found = [name for file in sorted(files) for name in _names(file)]
            if found:
                whole = [name for name in found if name == folder.name]
                yield TaskFolder(folder=folder, tasks=tuple(dict.fromkeys([*whole, *found])))


def _names(file: Path) -> list[str]:
    """The task or group a YAML defines; its ``!function`` tags are beyond a YAML reader."""
    return _NAME.findall(file.read_text(encoding="utf-8"))
