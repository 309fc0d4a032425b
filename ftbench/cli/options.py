"""The options that a begun word may become: ``attack.n=``, ``judge.rubric.model=``, ``seed=``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, fields
from enum import Enum
from typing import Any, get_type_hints

from ftbench.plugin.catalog import Catalog

from .choices import GROUPS, ROLE_OF_GROUP

_KEYED = ("defense", "audit", "judge", "publisher")
"""Groups whose options stand after the name of what was chosen."""


def options_after(
    before: Sequence[str], current: str, catalog: Catalog
) -> Iterator[tuple[str, str]]:
    """Options, or the values of one that is known to have few; each with what it may be."""
    chosen = dict(word.lstrip("+").split("=", 1) for word in before if "=" in word)
    key, has_value, _ = current.partition("=")
    for prefix, shape in _shapes(key.partition(".")[0], chosen, catalog):
        hints = get_type_hints(shape)
        for field in fields(shape):
            name = f"{prefix}{field.name}"
            if has_value and name == key:
                yield from ((f"{name}={value}", "") for value in _few(hints[field.name]))
            elif not has_value and name not in GROUPS:
                yield f"{name}=", _default(field)


def _shapes(
    group: str, chosen: Mapping[str, str], catalog: Catalog
) -> Iterator[tuple[str, type[Any]]]:
    """What has options: of a group those of who was chosen, else those of the whole run."""
    from ftbench.config import schema  # noqa: PLC0415, slow to import

    plain = {"model": schema.ModelConfig, "suite": schema.SuiteConfig}
    if group in plain:
        yield f"{group}.", plain[group]
    elif group == "finetune":
        yield "finetune.", schema.FineTuneConfig
        yield from _offered("method", chosen.get(group, "full"), "finetune.method.", catalog)
    elif group in ROLE_OF_GROUP:
        for name in chosen.get(group, "").strip("[]").split(","):
            prefix = f"{group}.{name}." if group in _KEYED else f"{group}."
            yield from _offered(group, name, prefix, catalog)
    else:
        yield "", schema.RunConfig


def _offered(
    role: str, name: str, prefix: str, catalog: Catalog
) -> Iterator[tuple[str, type[Any]]]:
    if offer := catalog.components[role].get(name):
        yield prefix, offer.thing


def _few(hint: Any) -> list[str]:
    """The values of what has only a few."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return [str(one.name) for one in hint]
    return ["true", "false"] if hint is bool else []


def _default(field: "Field[Any]") -> str:
    plain = isinstance(field.default, str | int | float | bool)
    return f"{field.default}" if plain and field.default != "???" else ""
