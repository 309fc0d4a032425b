"""Reads a folder of strangers' bytes: plain small files of strict JSON, or a fault in words."""

import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from .faults import MAKE_ANEW, Fault, Unreadable
from .recount import Asked
from .schema import Figures, Manifest, Part, PromptSets, Run, Signature, Submission

MOST_BYTES = 4 * 2**20
"""Of one file."""
MOST_BYTES_IN_ALL = 32 * 2**20
MOST_FILES = 80
_NAMES: Mapping[str, type[Part]] = {
    "submission.json": Submission,
    "prompts.json": PromptSets,
    "figures.json": Figures,
    "manifest.json": Manifest,
    "signature.json": Signature,
}
AnyPart = TypeVar("AnyPart", bound=Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A submission as it was read; nothing in it has been believed yet."""

    submission: Submission
    asked: Mapping[str, Asked]
    """The prompt sets, by the digests they claim."""
    figures: Figures
    manifest: Manifest
    signature: Signature | None
    runs: Mapping[str, Run]
    """By the name of their file, without ``.json``."""
    bytes_of: Mapping[str, bytes]
    """Every file, by name."""


def is_submission(folder: Path) -> bool:
    """Whether a folder claims to be a submission."""
    return os.path.lexists(folder / "submission.json") or os.path.lexists(folder / "manifest.json")


def read_folder(folder: Path) -> Folder:
    """Read all files of a submission. Raises Unreadable for the first that is not as it must be."""
    content = {name: _bytes(folder, name) for name in _names(folder)}
    parts: dict[str, Any] = {
        name: _asked(text) if name == "prompts.json" else _part(name, text)
        for name, text in content.items()
    }
    for name in _NAMES:
        if name not in parts and name != "signature.json":
            raise _unreadable("missing file", name, "is not there.")
    runs = {name.removesuffix(".json"): part for name, part in parts.items() if _is_run(name)}
    return Folder(
        submission=parts["submission.json"],
        asked=parts["prompts.json"],
        figures=parts["figures.json"],
        manifest=parts["manifest.json"],
        signature=parts.get("signature.json"),
        runs=runs,
        bytes_of=content,
    )


def _names(folder: Path) -> list[str]:
    """The names of the files; the sum of their sizes is checked before any is read."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise _unreadable("no folder", folder.name, "is no folder of its own.")
    total, names = 0, []
    with os.scandir(folder) as listed:
        for file in listed:
            names.append(file.name)
            if len(names) > MOST_FILES:
                wrong = f"holds more than {MOST_FILES} files."
                raise _unreadable("too many files", _shown(folder.name), wrong)
            total += file.stat(follow_symlinks=False).st_size
    for name in sorted(names):
        if name not in _NAMES and not _is_run(name):
            raise _unreadable("strange file", _shown(name), "is none of a submission's files.")
    if total > MOST_BYTES_IN_ALL:
        wrong = f"holds {total} bytes, more than {MOST_BYTES_IN_ALL}."
        raise _unreadable("too large", _shown(folder.name), wrong)
    return sorted(names)


def _is_run(name: str) -> bool:
    number = name.removeprefix("run-").removesuffix(".json")
    is_number = number.isascii() and number.isdigit() and len(number) <= 3  # noqa: PLR2004
    return is_number and name == f"run-{number}.json"


def _bytes(folder: Path, name: str) -> bytes:
    """The bytes of a plain file: no link, device or pipe, and not more than allowed."""
    try:
        handle = os.open(folder / name, os.O_RDONLY | _FLAGS)
    except OSError as error:
        raise _unreadable("not a plain file", name, "is a link, or cannot be read.") from error
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:
            raise _unreadable("not a plain file", name, "is no plain file of its own.")
        if about.st_size > MOST_BYTES:
            wrong = f"has {about.st_size} bytes, more than {MOST_BYTES}."
            raise _unreadable("too large", name, wrong)
        return file.read(MOST_BYTES + 1)


_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


@lru_cache(maxsize=4)
def _asked(content: bytes) -> Mapping[str, Asked]:
    """The prompt sets, by the digests they claim; very many submissions have the same."""
    sets = _part("prompts.json", content).sets
    return {stated: Asked(prompts=prompts) for stated, prompts in sets.items()}


def _part(name: str, content: bytes) -> Any:
    """The content of one file, of its type."""
    kind: type[Part] = _NAMES.get(name, Run)
    strict_json(name, content)
    return typed(kind, name, content)


def typed(kind: type[AnyPart], name: str, content: bytes) -> AnyPart:
    """Strict JSON as a record. Raises Unreadable for a field that is not as it must be."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = _place(first["loc"])
        line = _line_of(content, first["loc"])
        raise Unreadable(
            Fault(
                name="wrong field",
                file=name,
                line=line,
                wrong=f"{where or 'the whole'}: {_said(first['msg'])}.",
                fix=MAKE_ANEW,
            )
        ) from None


def strict_json(name: str, content: bytes) -> Any:
    """JSON as every reader understands it: no double key, no NaN, no endless depth or number."""
    try:
        text = content.decode("utf-8")
        return json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable("not UTF-8", name, "is not UTF-8 text.", line) from None
    except json.JSONDecodeError as error:
        raise _unreadable("not JSON", name, f"is not JSON: {error.msg}.", error.lineno) from None
    except RecursionError:
        raise _unreadable("too deep", name, "is nested too deeply.") from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise _unreadable("endless number", name, "holds an endless integer.") from None
    except _NotStrict as error:
        raise _unreadable(error.args[0], name, error.args[1]) from None


class _NotStrict(Exception):
    """JSON that readers understand differently: the name of the fault, and what is wrong."""


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotStrict("double key", "gives one key of an object twice.")
    return found


def _no_constant(word: str) -> Any:
    raise _NotStrict("not a number", f"holds {word}, which is no number.")


def _place(location: Sequence[int | str]) -> str:
    """Where in a file, as a path; keys are strangers' words and are shown as such."""
    return _shown(".".join(str(part) for part in location if part != "[key]"))


def _line_of(content: bytes, location: Sequence[int | str]) -> int | None:
    """The line of the innermost field that stands there by its name."""
    names = [part for part in location if isinstance(part, str)]
    place, found = 0, False
    for name in names:
        at = content.find(json.dumps(name).encode(), place)
        if at >= 0:
            place, found = at, True
    return content.count(b"\n", 0, place) + 1 if found else None


def _said(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:120]


def _shown(text: str) -> str:
    """A stranger's text in a sentence of ours: printable ASCII, and not long."""
    return ascii(text)[1:81].removesuffix("'")


def _unreadable(what: str, file: str, wrong: str, line: int | None = None) -> Unreadable:
    fault = Fault(name=what, file=file, line=line, wrong=f"{file} {wrong}", fix=MAKE_ANEW)
    return Unreadable(fault)
