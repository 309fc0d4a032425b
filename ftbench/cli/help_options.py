"""The options of a command, read off its own help, so that completion never lags behind it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO

from ftbench.plugin.catalog import Catalog

from .commands import OWN

_OPTION = re.compile(
    r"^  (?:-\w(?: \S+)?, )?(--[a-z][a-z-]*)(?: \S+)*?(?:(?: {2,}|\n {4,})(\S.*))?$",
    flags=re.MULTILINE,
)


def options_of(words: Sequence[str], catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Every option of a command, with the first line of what it does."""
    name, *action = words
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said), suppress(SystemExit):
        if name in OWN:
            OWN[name].run(name, [*action, "--help"], catalog)
        elif name in catalog.commands:
            catalog.commands[name].run([*action, "--help"])
    yield from _OPTION.findall(said.getvalue())
