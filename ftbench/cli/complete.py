"""``ftbench complete``: the words that may come next, for the scripts of ``ftbench completion``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ftbench.plugin.catalog import Catalog

from .choices import GROUPS, choices_of
from .commands import SUMMARIES
from .completion import SHELLS
from .flags import HYDRAS, OURS
from .help_options import options_of
from .list import GROUP_OF_WORD
from .options import options_after
from .printable import printable

Candidate = tuple[str, str]
"""A word, and what it means."""
_OF_RUNS = (
    "watch", "status", "runs", "show", "verify", "export", "judge", "plot", "submit", "report",
    "reveal", "cleanup",
)  # fmt: skip
_GROUPS_OF = {
    "check": GROUPS, "show": GROUPS, "judge": ("judge",), "judge-card": ("judge",), "runs": GROUPS,
}  # fmt: skip
_OF_GATE = {
    "gate.max_rate_increase=": "how much the harmfulness rate may rise, such as 2pp",
    "gate.alpha=": "how often a model that rose by just so much may fail",
}


def complete(words: Sequence[str], catalog: Catalog) -> int:
    """Print the words that may stand where the last one does, each with what it means."""
    typed = [*words[1:]] if words[:1] == ["--"] else [*words]
    *before, current = typed or [""]
    current = current.removeprefix("'").removeprefix('"')  # a quote that is still open
    for word, meaning in candidates(before, current, catalog):
        if word.startswith(current):
            print(printable(f"{word}\t{meaning}".replace("\n", " ")))
    return 0


def candidates(before: Sequence[str], current: str, catalog: Catalog) -> Iterator[Candidate]:
    """What may stand where a word was begun, after others."""
    command = before[0] if before and "=" not in before[0] and before[0][:1] not in "-+~" else ""
    if "=" in current:
        yield from _values(before, current, catalog)
    elif command and current.startswith("-"):
        yield from options_of(_with_action(before), catalog)
    elif command:
        yield from _arguments(before, current, catalog)
    elif current.startswith("-"):
        yield from {**OURS, **HYDRAS}.items()
    else:
        if not before:
            yield from SUMMARIES.items()
            yield from ((name, own.summary) for name, own in catalog.commands.items())
        yield from ((f"{group}=", "") for group in GROUPS)
        yield from options_after(before, current, catalog)


def _values(before: Sequence[str], current: str, catalog: Catalog) -> Iterator[Candidate]:
    """What may follow "=", after a bracket and a comma too."""
    key, _, value = current.partition("=")
    group = key.lstrip("+~")
    if group not in GROUPS:
        yield from options_after(before, current, catalog)
        return
    done = max(value.rfind(sign) for sign in "[,") + 1
    taken = set(value[:done].strip("[").split(","))
    for choice in choices_of(group, catalog, _own_folders(before)).values():
        if choice.name not in taken:
            yield f"{key}={value[:done]}{choice.name}", choice.summary


def _own_folders(before: Sequence[str]) -> list[Path]:
    """Folders of configs that the user names with --config-dir."""
    joined = [word.partition("=")[2] for word in before if word.startswith("--config-dir=")]
    spaced = [after for word, after in zip(before, before[1:], strict=False) if word in _DIR]
    return [Path(folder) for folder in (*joined, *spaced)]


_DIR = ("--config-dir", "-cd")


def _with_action(before: Sequence[str]) -> Sequence[str]:
    """A command, with what it is to do where it does several things: ``cache prune``."""
    return before[:2] if before[0] in _WITH_ACTIONS else before[:1]


def _arguments(before: Sequence[str], current: str, catalog: Catalog) -> Iterator[Candidate]:
    """What may follow a command: words of its own, finished runs, groups, options of a run."""
    command, *said = before
    if command == "check" and not said:
        return  # its file; the shell knows those
    if command in _WORDS_OF and not said:
        yield from _WORDS_OF[command](catalog).items()
    if command == "plugin" and said:
        yield from ((one.package, one.version) for one in catalog.plugins)
    if command in _OF_RUNS:
        yield from ((f"runs/{name}", "") for name in _runs())
    yield from ((f"{group}=", "") for group in _GROUPS_OF.get(command, ()))
    if command == "check":
        yield from _OF_GATE.items()
        yield from options_after(said, current, catalog)


def _runs() -> list[str]:
    """The runs in the usual folder, the newest first."""
    try:
        found = [(path.stat().st_mtime, path.name) for path in Path("runs").iterdir()]
    except OSError:
        return []
    return [name for _, name in sorted(found, reverse=True)]


def _tables(catalog: Catalog) -> dict[str, str]:
    return {name: one.summary for name, one in choices_of("experiment", catalog).items()}


def _roles(catalog: Catalog) -> dict[str, str]:
    from ftbench.testing.scaffold import ROLES_TO_BEGIN  # noqa: PLC0415, slow to import

    return dict.fromkeys(ROLES_TO_BEGIN, "")


_WITH_ACTIONS = ("cache", "jobs", "leaderboard", "plugin")

_WORDS_OF: Mapping[str, Callable[[Catalog], Mapping[str, str]]] = {
    "list": lambda catalog: dict.fromkeys([*GROUP_OF_WORD, "tasks"], ""),
    "completion": lambda catalog: dict.fromkeys(SHELLS, ""),
    "reproduce": _tables,
    "cache": lambda catalog: {"list": "where it is, what it holds", "prune": "make room"},
    "jobs": lambda catalog: dict.fromkeys(("list", "resolve", "cancel"), ""),
    "leaderboard": lambda catalog: dict.fromkeys(
        ("verify", "build", "export", "schema", "key"), ""
    ),
    "new": _roles,
    "plugin": lambda catalog: {"check": "whether it keeps its contract"},
}
