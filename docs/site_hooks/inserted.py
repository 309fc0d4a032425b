"""What the build puts into pages: help of commands, errors with their cures, a figure.

A page asks for it by a line of its own: ``<!-- insert: help status -->``.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from errors_found import errors_page  # noqa: E402, beside this file
from figure import claims_figure  # noqa: E402, beside this file

_ASKED = re.compile(r"^<!-- insert: (\w+)(?: (.*?))? -->$", flags=re.MULTILINE)
_COLUMNS = "88"


def on_page_markdown(markdown: str, **more: Any) -> str:
    """Replace every line that asks for something; MkDocs calls it for each page."""
    del more
    return _ASKED.sub(lambda asked: _INSERTED[asked[1]](asked[2] or ""), markdown)


def _help(command: str) -> str:
    words = [*command.split(), "--help"] if command else ["help"]
    done = subprocess.run(
        [sys.executable, "-m", "ftbench", *words],
        env={"PATH": "", "NO_COLOR": "1", "COLUMNS": _COLUMNS},
        capture_output=True,
        text=True,
        check=True,
    )
    return f"```text\n{done.stdout.rstrip()}\n```"


def _every_command(_: str) -> str:
    from ftbench.cli.commands import OWN  # noqa: PLC0415, only for this page

    shown = sorted(name for name, own in OWN.items() if own.summary)
    return "\n\n".join(f"## {name}\n\n{_help(name)}" for name in shown)


def _providers(_: str) -> str:
    """A section for each backend that sells fine-tuning: dates, where they were read, notes."""
    from ftbench.hosted.finetuning import HostedBackend  # noqa: PLC0415, only for this page
    from ftbench.plugin.catalog import read_catalog  # noqa: PLC0415

    offers = read_catalog().components["backend"].items()
    hosted = {name: o.thing for name, o in offers if issubclass(o.thing, HostedBackend)}
    return "\n\n".join("\n\n".join(_provider(*one)) for one in hosted.items())


def _provider(name: str, backend: Any) -> Iterator[str]:
    dates = backend.lifecycle
    yield f"## {name}"
    yield " ".join((backend.__doc__ or "").split("\n\n")[0].split())
    closes = f"takes new jobs until **{dates.closes}**" if dates.closes else "no last day announced"
    yield "\n".join(
        [
            f"- {closes}; read on {dates.read_on} ({dates.source})",
            f"- tried: {backend.verified}",
            *(f"- {note}" for note in dates.notes),
        ]
    )


_INSERTED: Mapping[str, Callable[[str], str]] = {
    "help": _help,
    "commands": _every_command,
    "errors": lambda _: errors_page(),
    "providers": _providers,
    "claims": lambda _: claims_figure(),
}
