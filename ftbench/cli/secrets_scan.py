"""Keeps secrets out of commands: whatever is typed there ends in files that others read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ftbench.errors import UsageError

_KEY = re.compile(
    r"(?:^|[._-])(?:api_?key|access_?key|token|secret(?:_?key)?|passw(?:or)?d|passphrase|credentials?)$",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic and their like
    r"|\bhf_[A-Za-z0-9]{16,}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}"
    r"|\bAIza[0-9A-Za-z_-]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r"|://[^/\s:@'\"]+:[^/\s@'\"]+@"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_ENVIRONMENT = re.compile(r"\$\{oc\.env:[^}]*(?:KEY|TOKEN|SECRET|PASSWORD)", re.IGNORECASE)
_HARMLESS = {"", "null", "none", "???", "''", '""'}
_ADVICE = "Set it as an environment variable instead; ftbench show names the one a plugin reads."


def refuse_secrets(words: Sequence[str]) -> None:
    """Raise UsageError for a word that holds a secret, without repeating its value."""
    for place, word in enumerate(words, start=1):
        key, _, value = word.partition("=")
        if _is_secret(key.lstrip("+~"), value) or _VALUE.search(key):
            shown = f"{key}=..." if not _VALUE.search(key) else "..."
            raise UsageError(
                f"Word {place} of the command, {shown}, looks like a secret, and would be "
                f"written to the run's folder. {_ADVICE}"
            )


def refuse_secrets_in(composed: Mapping[str, Any], where: str = "") -> None:
    """Raise UsageError for a config, of any file, that holds a secret."""
    for key, value in composed.items():
        path = f"{where}.{key}" if where else str(key)
        if isinstance(value, Mapping):
            refuse_secrets_in(value, path)
        elif isinstance(value, str) and _is_secret(str(key), value):
            raise UsageError(
                f"{path} looks like a secret, and would be written to the run's folder. {_ADVICE}"
            )


def _is_secret(key: str, value: str) -> bool:
    named = bool(_KEY.search(key)) and value.strip().lower() not in _HARMLESS
    return named or bool(_VALUE.search(value) or _ENVIRONMENT.search(value))
