"""Tries a chat template in a process of its own, which can be stopped and cannot reach much.

A template is a program of whoever made the model: it may loop for ever or eat all memory. This
file is run as a script, imports nothing but jinja2, reads a template with conversations from
standard input, and says how it went in one line of JSON.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

PATIENCE_SECONDS = 2
_START_SECONDS = 5
_MEMORY = 1 << 30
_LONGEST = 1 << 20
"""Characters that a few short turns may become."""
_RAISED = (
    jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError
)  # fmt: skip
_TOO_MUCH = "does not come to an end, or needs too much memory"
_REACHES_OUT = "reaches for the inside of Python"
_BY_ATTRIBUTE = frozenset({"attr", "map", "selectattr", "rejectattr"})
"""Filters whose words name attributes."""
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT")
"""Variables the process may see; none of them is a secret."""


def fault_of(template: str, variables: Mapping[str, Any], chats: Sequence[Any]) -> str:
    """What is wrong with a template, "" where it renders these conversations as it should.

    A template that merely raises is none of our business here: it does so again where it is used.
    """
    asked = json.dumps({"template": template, "variables": variables, "chats": chats})
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(Path(__file__))],
            input=asked,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS + _START_SECONDS,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _TOO_MUCH
    if done.returncode < 0:
        return _TOO_MUCH
    if done.returncode:
        return f"cannot be tried: {done.stderr.strip().splitlines()[-1]}"
    return str(json.loads(done.stdout))


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


class _Generation(Extension):
    """The tag around answers that transformers knows; it changes no text."""

    tags = {"generation"}  # noqa: RUF012, as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The nodes inside."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _tried(asked: Mapping[str, Any]) -> str:
    """Render as transformers does."""
    sandbox = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    sandbox.filters["tojson"] = lambda value, **_: json.dumps(value)
    sandbox.globals |= {"raise_exception": _raise, "strftime_now": lambda _: "26 Jul 2024"}
    try:
        if any(name.startswith("__") for name in _names(sandbox.parse(asked["template"]))):
            return _REACHES_OUT
        compiled = sandbox.from_string(asked["template"])
        for chat in asked["chats"]:
            if _is_long(compiled.generate(**asked["variables"], **chat)):
                return _TOO_MUCH
    except SecurityError:
        return _REACHES_OUT
    except (MemoryError, OverflowError, RecursionError):
        return _TOO_MUCH
    except _RAISED:
        return ""  # it raises again where it is used, and is explained there
    return ""


def _raise(words: str) -> None:
    raise jinja2.TemplateError(words)


def _names(tree: nodes.Node) -> Iterator[str]:
    """Every attribute that a template names."""
    yield from (node.attr for node in tree.find_all(nodes.Getattr))
    for item in tree.find_all(nodes.Getitem):
        yield from _texts(item.arg)
    for used in tree.find_all(nodes.Filter):
        if used.name in _BY_ATTRIBUTE:
            yield from (text for word in (*used.args, *used.kwargs) for text in _texts(word))


def _texts(node: nodes.Node) -> Iterator[str]:
    found = [node] if isinstance(node, nodes.Const) else node.find_all(nodes.Const)
    yield from (each.value for each in found if isinstance(each.value, str))


def _is_long(pieces: Iterator[str]) -> bool:
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > _LONGEST:
            return True
    return False


def _limit() -> None:
    """Let the system stop this process; some systems know only some limits."""
    limits = ((resource.RLIMIT_CPU, PATIENCE_SECONDS), (resource.RLIMIT_AS, _MEMORY))
    for kind, most in limits:
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):
            continue


if __name__ == "__main__":
    _limit()
    sys.stdout.write(json.dumps(_tried(json.load(sys.stdin))))
