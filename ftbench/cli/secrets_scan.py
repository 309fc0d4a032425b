"""Keeps secrets out of commands: whatever is typed there ends in files that others read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from ftbench.errors import UsageError
from ftbench.redaction import HARMLESS, is_secret_name, known_secrets, looks_like_secret

_ENVIRONMENT = re.compile(r"\$\{\s*oc\.env\s*:\s*([^,}]*)")
_INSIDE = re.compile(r"([\w.-]+)[\"']?\s*[:=]\s*(?=([^\s,{}\[\]]+))")
"""The pairs inside a value, as in ``judge.x={api_key: ...}`` and ``https://host?token=...``."""
_LONG = 12
"""From here on a value of the environment is no word that a command could hold by chance."""
_ADVICE = "Set it as an environment variable instead; ftbench show names the one a plugin reads."


def refuse_secrets(words: Sequence[str]) -> None:
    """Raise UsageError for a word that holds a secret, without repeating its value."""
    known = _known()
    for place, word in enumerate(words, start=1):
        key, _, value = word.partition("=")
        in_key = looks_like_secret(key) or _holds(key, known)
        if in_key or _is_secret(key.lstrip("+~"), value, known):
            shown = "..." if in_key else f"{key}=..."
            raise UsageError(
                f"Word {place} of the command, {shown}, looks like a secret, and would be "
                f"written to the run's folder. {_ADVICE}"
            )
        if reading := _ENVIRONMENT.search(word):
            raise UsageError(_closed(f"Word {place} of the command", reading[1]))


def refuse_secrets_in(composed: Mapping[str, Any]) -> None:
    """Raise UsageError for a config, of any file, that holds a secret."""
    known = _known()
    for path, key, value in _values("", "", composed):
        if _is_secret(key, value, known):
            raise UsageError(
                f"{path} looks like a secret, and would be written to the run's folder. {_ADVICE}"
            )


@contextmanager
def closed_environment() -> Iterator[None]:
    """Meanwhile no config file can read the environment, as OmegaConf's ``oc.env`` would."""
    from omegaconf import OmegaConf  # noqa: PLC0415, slow to import
    from omegaconf.resolvers import oc  # noqa: PLC0415, slow to import

    OmegaConf.register_new_resolver("oc.env", _refuse_environment, replace=True)
    try:
        yield
    finally:
        OmegaConf.register_new_resolver("oc.env", oc.env, replace=True)


def _refuse_environment(name: str, *_: str, _node_: Any) -> NoReturn:
    from omegaconf.errors import InterpolationResolutionError  # noqa: PLC0415, slow to import

    raise InterpolationResolutionError(_closed(str(_node_._get_full_key(None)), name))


def _closed(where: str, variable: str) -> str:
    return (
        f"{where} reads the environment variable {variable.strip()}, and its value would be "
        "written to the run's folder. Write the value itself if it is no secret; a plugin reads "
        "a secret from the variable that its option names."
    )


def _values(path: str, key: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """Every text in a config with its path, and the key that holds it or the list around it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _values(f"{path}.{name}" if path else str(name), str(name), inner)
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _values(f"{path}[{place}]", key, inner)
    elif isinstance(value, str):
        yield path, key, value


def _known() -> frozenset[str]:
    return frozenset(secret for secret in known_secrets() if len(secret) >= _LONG)


def _holds(text: str, known: frozenset[str]) -> bool:
    return any(secret in text for secret in known)


def _is_secret(key: str, value: str, known: frozenset[str]) -> bool:
    pairs = [(key, value), *_INSIDE.findall(value)]
    named = any(is_secret_name(name) and _is_given(held) for name, held in pairs)
    return named or looks_like_secret(value) or _holds(value, known)


def _is_given(value: str) -> bool:
    return value.strip().lower() not in HARMLESS
