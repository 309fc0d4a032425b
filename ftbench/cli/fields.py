"""The options of a component, read off its dataclass and its source."""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

_MISSING = "???"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One field of a component."""

    name: str
    type: str
    default: str | None
    """As it is typed on the command line; None where a value must be given."""
    meaning: str
    transport: bool
    """Whether it cannot change a result."""


def options_of(component: type) -> list[Option]:
    """Every option of a component class, its parents' included."""
    meanings = _meanings(component)
    return [
        Option(
            name=field.name,
            type=type_name(field.type),
            default=_default(field),
            meaning=meanings.get(field.name, ""),
            transport=bool(field.metadata.get("transport")),
        )
        for field in dataclasses.fields(component)
    ]


def type_name(annotation: Any) -> str:
    """An annotation as a user reads it: an enum is the list of its values."""
    if annotation is None or annotation is NoneType:
        return "null"
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(type_name(part) for part in get_args(annotation))
    if get_args(annotation):
        inside = ", ".join(type_name(part) for part in get_args(annotation))
        return f"{annotation.__origin__.__name__}[{inside}]"
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return " | ".join(member.name for member in annotation)
    return getattr(annotation, "__name__", str(annotation))


def _default(field: "dataclasses.Field[Any]") -> str | None:
    if field.default_factory is not dataclasses.MISSING:
        return _word(field.default_factory())
    return None if field.default in (dataclasses.MISSING, _MISSING) else _word(field.default)


def _word(value: Any) -> str:
    """A value as Hydra reads it."""
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list):
        return f"[{','.join(map(_word, value))}]"
    return str(value)


def _meanings(component: type) -> dict[str, str]:
    """By field, the text under it; empty for classes whose source is not at hand."""
    found: dict[str, str] = {}
    for parent in reversed(component.__mro__):
        if dataclasses.is_dataclass(parent):
            found.update(_texts_under_fields(parent))
    return found


def _texts_under_fields(parent: type) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(parent)))
    except (OSError, TypeError, SyntaxError):
        return
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for field, text in zip(body, body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            yield field.target.id, " ".join(str(text.value.value).split())
