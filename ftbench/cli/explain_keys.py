"""What to say about a key that does not exist, or a value that does not fit it."""

import re
from collections.abc import Iterable
from dataclasses import fields

from omegaconf.errors import OmegaConfBaseException

from ftbench.plugin.catalog import Catalog

from .choices import GROUPS, ROLE_OF_GROUP
from .suggest import closest, hint

_EXPECTED = re.compile(r"expected one of \[([^\]]*)\]")
_CONVERTED = re.compile(r"Value '(.*?)' of type '\w+' could not be converted to (\w+)", re.DOTALL)
_METHOD = "method"
"""Below finetune, where its component stands."""
_PLAIN_TYPES = {"Integer": "whole number", "Float": "number", "Boolean": "true or false"}


def about_key(cause: OmegaConfBaseException, word: str, catalog: Catalog) -> str:
    """What to say about a key that nothing has."""
    full_key = cause.full_key or ""
    parent, _, key = full_key.rpartition(".")
    word = word or full_key
    if not parent:
        return _about_group(key, word)
    present = [str(name) for name in cause.parent_node or ()]
    if parent in ROLE_OF_GROUP and cause.object_type is dict:
        return _about_unchosen(parent, key, present, catalog)
    if cause.object_type is dict:
        return f"{parent} has no {key!r}. {_present(key, present)}To add it, write: +{word}"
    owner = _owner(parent, cause, catalog)
    elsewhere = _who_has(key, parent.partition(".")[0], catalog)
    if elsewhere:
        belongs = f"it belongs to {' and '.join(elsewhere)}."
        if _METHOD in present:
            written = word.replace(full_key, f"{parent}.{_METHOD}.{key}", 1)
            belongs = f"{belongs[:-1]}, below {parent}.{_METHOD}: {written}"
        return f"{owner} has no option {key!r} ({word}); {belongs}"
    if not present:
        return f"{owner} has no options, so {word} cannot be set."
    return f"{owner} has no option {key!r} ({word}). {hint(key, present, label='Options')}"


def about_value(cause: OmegaConfBaseException, word: str) -> str:
    """What to say about a value that its key cannot have."""
    text = str(cause.msg or cause).splitlines()[0]
    where = word or str(cause.full_key)
    if expected := _EXPECTED.search(text):
        value = str(cause.value)
        known = hint(value, expected[1].split(", "))
        return f"{where}: {cause.full_key} cannot be {value!r}. {known}"
    if converted := _CONVERTED.search(text):
        kind = _PLAIN_TYPES.get(converted[2], converted[2])
        article = "" if kind == "true or false" else "a "
        return f"{where}: {cause.full_key} must be {article}{kind}, not {converted[1]!r}."
    return f"{where}: {text.rstrip('.')}."


def _about_group(key: str, word: str) -> str:
    options = ("seed", "name", "runs")
    meant = closest(key, [*GROUPS, *options])
    did_you_mean = f"Did you mean {meant!r}? " if meant else ""
    return (
        f"There is no {key!r} to set ({word}). {did_you_mean}"
        f"Groups: {', '.join(GROUPS)}; also {', '.join(options)}."
    )


def _about_unchosen(group: str, name: str, chosen: list[str], catalog: Catalog) -> str:
    """A judge, defense, audit or publisher that is not among the chosen ones."""
    known = catalog.components[ROLE_OF_GROUP[group]]
    if name not in known:
        return f"There is no {group} {name!r}. {hint(name, known)}"
    several = ",".join([*chosen, name])
    choose = f"{group}=[{several}]" if chosen else f"{group}={name}"
    return f"The {group} {name!r} has options only where it is chosen. Choose it: {choose}"


def _who_has(option: str, group: str, catalog: Catalog) -> list[str]:
    """The choices of a group that have an option."""
    return [
        f"{group}={offer.name}"
        for offer in catalog.components.get(ROLE_OF_GROUP.get(group, ""), {}).values()
        if option in (field.name for field in fields(offer.thing))
    ]


def _owner(parent: str, cause: OmegaConfBaseException, catalog: Catalog) -> str:
    """The component behind a key, as it is chosen; else the key."""
    for group, role in ROLE_OF_GROUP.items():
        for offer in catalog.components[role].values():
            if offer.thing is cause.object_type:
                return f"{group}={offer.name}"
    return parent


def _present(key: str, present: Iterable[str]) -> str:
    meant = closest(key, present)
    return f"Did you mean {meant!r}? " if meant else ""
