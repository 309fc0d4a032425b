"""Turns what Hydra and OmegaConf say about a wrong command into one clear message."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from ftbench.errors import FtbenchError, UsageError
from ftbench.plugin.catalog import Catalog

from .choices import GROUPS, choices_of
from .explain_keys import about_key, about_value
from .suggest import hint

_NOT_READABLE = re.compile(
    r"^(See https?://|Set the environment|\s+(full_key|reference_type|object_type)\b)"
)
_ALREADY_THERE = "An item is already at"
_AMBIGUOUS = "Ambiguous value for argument"
_NO_CHOICE = re.compile(r"You must specify '([\w/]+)'")
_IN_FILE = re.compile(r"In '([^']+)'")
_MORE = {"hydra/launcher": " pip install 'ftbench[launchers]' or ftbench-ray brings more."}
"""Where the names of a group come from that no plugin of ours offers."""
_OF_HYDRAS_OPTIONS = ("Only one of --run", "The --resolve flag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The words that were typed, and what could have been chosen."""

    words: Sequence[str]
    catalog: Catalog

    @property
    def folders(self) -> list[Path]:
        """The user's own config folder."""
        options = {"--config-dir", "-cd"}
        pairs = zip(self.words, self.words[1:], strict=False)
        given = [value for option, value in pairs if option in options]
        given += [word.partition("=")[2] for word in self.words if word.startswith("--config-dir=")]
        return [Path(folder) for folder in given]

    def choices(self, group: str) -> list[str]:
        """The names in a group of configs."""
        return list(choices_of(group, self.catalog, self.folders))


@contextmanager
def explained(words: Sequence[str], catalog: Catalog) -> Iterator[None]:
    """Compose inside: what Hydra raises about a wrong word becomes a UsageError."""
    try:
        yield
    except FtbenchError:
        raise
    except Exception as error:
        explanation = explain(error, words, catalog)
        if explanation is None:
            raise
        raise explanation from None


def explain(error: Exception, words: Sequence[str], catalog: Catalog) -> UsageError | None:
    """The message for a composition that failed, or None where the fault is not the user's."""
    command = Command(words=words, catalog=catalog)
    if isinstance(error, MissingConfigException):
        return UsageError(_about_missing_config(error, command))
    if isinstance(error, OverrideParseException):
        return UsageError(_about_unreadable(error.override, command))
    if isinstance(error, yaml.MarkedYAMLError):
        return UsageError(_about_yaml(error))
    if isinstance(error, (HydraException, OmegaConfBaseException)):
        return UsageError(_about_composition(error, command))
    if isinstance(error, ValueError) and str(error).startswith(_OF_HYDRAS_OPTIONS):
        return UsageError(str(error))
    return None


def _about_missing_config(error: MissingConfigException, command: Command) -> str:
    group, _, name = (error.missing_cfg_file or "").rpartition("/")
    if not group:
        return _first_lines(error)
    what = f"There is no {group} {name!r}"
    if not any(name in word for word in command.words if word.startswith(f"{group}=")):
        asking = _IN_FILE.search(str(error))
        file = asking[1] if asking else "run"
        who = "a default or a config" if file == "run" else f"the config {file!r}"
        what += f", which {who} asks for"
    choices = error.options or command.choices(group)
    if not choices:
        return f"{what}, and there is no other. Install a plugin that brings one."
    return f"{what}. {hint(name, choices)}{_MORE.get(group, '')}"


def _about_unreadable(override: str, command: Command) -> str:
    key, equals, value = override.partition("=")
    if equals:
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return (
            f"Cannot read {override!r}: its value has characters with a meaning of their own. "
            f"Quote it, also from the shell: \"{key}='{quoted}'\""
        )
    for group in GROUPS:
        if override in command.choices(group):
            return f"{override!r} is no group=name. Did you mean {group}={override}?"
    groups = hint(override, GROUPS, label="Groups")
    return f"{override!r} is neither group=name nor a command. {groups}"


def _about_yaml(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    where = f"{mark.name}, line {mark.line + 1}" if mark else "A config file"
    return f"{where}: {error.problem or 'no YAML'}."


def _about_composition(error: Exception, command: Command) -> str:
    text = str(error)
    composing = isinstance(error, ConfigCompositionException)
    cause = (error.__cause__ or error.__context__) if composing else error
    if isinstance(cause, MissingMandatoryValue):
        return f"{cause.full_key} has no value. Add: {cause.full_key}=VALUE"
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        return _about_cause(text, cause, command)
    if unchosen := _NO_CHOICE.search(text):
        group = unchosen[1]
        known = ", ".join(command.choices(group)) or "none"
        return f"Choose a {group}: {group}=NAME. There are: {known}."
    if text.startswith(_AMBIGUOUS):
        word = text.partition("'")[2].partition("'\n")[0]
        key, _, value = word.partition("=")
        return f"{word} has several values. Add -m to run each, or write a list: {key}=[{value}]"
    if _ALREADY_THERE in text:
        key = text.partition(f"{_ALREADY_THERE} '")[2].partition("'")[0]
        return f"{key} exists already: write {key}=VALUE without the +."
    return _first_lines(error)


def _about_cause(text: str, cause: OmegaConfBaseException, command: Command) -> str:
    word = _word_of(cause.full_key or "", command.words)
    asking = _IN_FILE.search(text)
    where = f"In the config {asking[1]!r}: " if asking and not word else ""
    if cause.value is None and "Key '" in str(cause.msg):
        return where + about_key(cause, word, command.catalog)
    return where + about_value(cause, word)


def _word_of(full_key: str, words: Sequence[str]) -> str:
    """The word of the command that set a key, or the one above it."""
    keys = {word: word.partition("=")[0].lstrip("+~") for word in words if "=" in word}
    exact = [word for word, key in keys.items() if key == full_key]
    inside = [word for word, key in keys.items() if key.startswith(f"{full_key}.")]
    return [*exact, *inside, ""][0]


def _first_lines(error: Exception) -> str:
    """The readable part of a message that has no better words of ours."""
    lines = [line.strip() for line in str(error).splitlines() if not _NOT_READABLE.match(line)]
    text, _, _ = " ".join(filter(None, lines)).partition(" Config search path:")
    return text or type(error).__name__
