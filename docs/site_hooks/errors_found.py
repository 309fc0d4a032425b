"""Every error that ftbench and its plugins raise, read off the source, with what to do about it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CURES = ROOT / "docs" / "cures.yaml"
BASE = "FtbenchError"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One class of error."""

    name: str
    parent: str
    meaning: str
    exit_code: int | None


def errors_page() -> str:
    """Markdown: for each class its exit code, meaning, cure and messages."""
    classes, messages = classes_found(), messages_found()
    cures = yaml.safe_load(CURES.read_text(encoding="utf-8"))
    return "\n\n".join(
        "\n\n".join(_section(one, exit_code(name, classes), cures[name], messages[name]))
        for name, one in classes.items()
        if name != BASE
    )


def _section(one: Found, code: int, cure: str, messages: list[str]) -> Iterator[str]:
    yield f"## {one.name}"
    yield f"Exit code **{code}**. {one.meaning}"
    yield f"**What to do:** {cure.strip()}"
    if messages:
        listed = "\n".join(f"- {_escaped(message)}" for message in messages)
        yield f'??? note "Its {len(messages)} messages"\n\n' + _indented(listed)


def _escaped(message: str) -> str:
    return f"`{message.replace('`', chr(39))}`"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def exit_code(name: str, classes: dict[str, Found]) -> int:
    """What a command ends with: a class's own code, else its parent's."""
    one = classes[name]
    return one.exit_code if one.exit_code is not None else exit_code(one.parent, classes)


def classes_found() -> dict[str, Found]:
    """FtbenchError and everything below it, in the core and in our plugins."""
    every = {
        node.name: _class(node)
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    known = {BASE}
    while more := {name for name, one in every.items() if one.parent in known} - known:
        known |= more
    return {name: one for name, one in every.items() if name in known}


def _trees() -> Iterator[ast.Module]:
    core = sorted((ROOT / "ftbench").rglob("*.py"))
    first = ROOT / "ftbench" / "errors.py"
    ours = sorted((ROOT / "plugins").glob("*/ftbench_*/**/*.py"))
    for file in (first, *(file for file in core if file != first), *ours):
        yield ast.parse(file.read_text(encoding="utf-8"))


def _class(node: ast.ClassDef) -> Found:
    codes = [
        part.value.value
        for part in node.body
        if isinstance(part, ast.Assign | ast.AnnAssign)
        and "exit_code" in ast.unparse(part)
        and isinstance(part.value, ast.Constant)
    ]
    parents = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    return Found(
        name=node.name,
        parent=parents[0] if parents else "",
        meaning=" ".join((ast.get_docstring(node) or "").split("\n\n")[0].split()),
        exit_code=codes[0] if codes else None,
    )


def messages_found() -> dict[str, list[str]]:
    """Every message that is written where it is raised, with ... for what differs."""
    found: dict[str, set[str]] = defaultdict(set)
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func).rpartition(".")[2]
                if text := _text(node.args[0]):
                    found[name].add(" ".join(text.split()))
    return defaultdict(list, {name: sorted(texts) for name, texts in found.items()})


def _text(node: ast.expr) -> str:
    """A literal message, joined and with its gaps; empty for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "..." for part in node.values)
    if isinstance(node, ast.Call):  # printable("...") and the like
        return _text(node.args[0]) if node.args else ""
    return ""
