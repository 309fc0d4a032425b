"""``ftbench list attacks``: the names that can be chosen, with their purpose and origin."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .choices import choices_of
from .listing import print_lines
from .printable import printable
from .suggest import hint
from .tasks import print_tasks

GROUP_OF_WORD = {
    "models": "model",
    "datasets": "dataset",
    "attacks": "attack",
    "defenses": "defense",
    "audits": "audit",
    "methods": "finetune",
    "backends": "backend",
    "judges": "judge",
    "publishers": "publisher",
    "suites": "suite",
    "experiments": "experiment",
}


def list_choices(words: Sequence[str], catalog: Catalog) -> int:
    """Print one line per choice."""
    parser = argparse.ArgumentParser(prog="ftbench list", description=list_choices.__doc__)
    parser.add_argument("what", nargs="?", help=", ".join([*GROUP_OF_WORD, "tasks"]))
    parser.add_argument("--config-dir", type=Path, help="list a config folder of your own too")
    options = parser.parse_args(words)
    folders = [options.config_dir] if options.config_dir else []
    what = _plural(options.what or "")
    if what == "tasks":
        return print_tasks(catalog)
    if what not in GROUP_OF_WORD:
        complaint = f"There is no list of {options.what!r}." if options.what else "List what?"
        raise UsageError(f"{complaint} {hint(what, [*GROUP_OF_WORD, 'tasks'])}")
    group = GROUP_OF_WORD[what]
    found = choices_of(group, catalog, folders).values()
    print_lines([(f"{group}={choice.name}", choice.summary, choice.source) for choice in found])
    if catalog.problems:
        packages = ", ".join(dict.fromkeys(problem.package for problem in catalog.problems))
        print(printable(f"Broken, see ftbench plugins: {packages}"), file=sys.stderr)
    if not found:
        print(f"No {group} is installed.")
    return 0


def _plural(what: str) -> str:
    """Accept the name of a group, such as attack, for the word attacks."""
    words = {group: word for word, group in GROUP_OF_WORD.items()} | {"method": "methods"}
    return words.get(what, what)
