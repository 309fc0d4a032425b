"""Writes a submission: one new folder of JSON files, with the digest of each."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from ftbench.errors import StorageError, UsageError
from ftbench.ledger.drafts import write_whole

from .identity import experiment
from .making import Submitted, submitted
from .recount import Asked, claims_of, over_seeds, recounted
from .schema import (
    COMPARABILITY,
    Entry,
    Figures,
    Listed,
    Manifest,
    Part,
    PromptSets,
    Submission,
)
from .signing import signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """What whoever submits says of themselves."""

    name: str
    contact: str = ""
    relationship: str = "third_party"
    link: str = ""
    note: str = ""
    key: Path | None = None
    """A private key to sign with."""


def submit(folders: Sequence[Path], out: Path, who: Submitter) -> list[Entry]:
    """Write the submission of finished runs into a new folder; returns its entries.

    Runs that differ in nothing but their seed become one entry. Raises UsageError where the folder
    is there already or something said cannot be submitted, StorageError for a run that is not
    finished, or where the folder cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already. Name a new folder with --out.")
    said = _said(who)
    runs = [_submitted(folder) for folder in dict.fromkeys(path.resolve() for path in folders)]
    groups: dict[str, list[Submitted]] = {}
    for one in sorted(runs, key=lambda one: (experiment(one.run), one.run.seed, one.run.run)):
        groups.setdefault(experiment(one.run), []).append(one)
    in_order = [one for group in groups.values() for one in group]
    names = {id(one): f"run-{number}" for number, one in enumerate(in_order)}
    entries = [_entry(group, [names[id(one)] for one in group]) for group in groups.values()]
    sets = {one.run.prompt_set: list(one.prompts) for one in runs}
    parts: dict[str, Part] = {
        "submission.json": said,
        "prompts.json": PromptSets(sets=sets),
        "figures.json": Figures(entries=entries),
        **{f"{names[id(one)]}.json": one.run for one in in_order},
    }
    _write(out, {name: _text(part) for name, part in parts.items()}, who.key)
    return entries


def _submitted(folder: Path) -> Submitted:
    try:
        return submitted(folder)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{folder.name} cannot be submitted: its {where} is not as the schema has it "
            f"({first['msg'].lower()}). `ftbench leaderboard schema` prints it."
        ) from error


def _said(who: Submitter) -> Submission:
    try:
        return Submission(
            schema_version=1,
            comparability=COMPARABILITY,
            name=who.name,
            made=datetime.now(UTC).replace(microsecond=0).isoformat(),
            contact=who.contact,
            relationship=who.relationship,  # type: ignore[arg-type]
            link=who.link,
            note=who.note,
            ftbench=version("ftbench"),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"--{first['loc'][0]} cannot be used: {first['msg']}.") from error


def _entry(group: Sequence[Submitted], names: Sequence[str]) -> Entry:
    found = [recounted(one.run, Asked(prompts=one.prompts)) for one in group]
    return Entry(runs=list(names), claims=claims_of(over_seeds(found)))


def _text(part: Part) -> str:
    """JSON that people can read and compare: one field, one prompt or one claim on a line."""
    return _lines(json.loads(part.model_dump_json()), 0) + "\n"


def _lines(value: object, depth: int) -> str:
    """Lists of plain values and objects of them stand on one line, everything else on several."""
    if _is_flat(value):
        return json.dumps(value, ensure_ascii=False)
    pad, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, Mapping):
        items = [f"{json.dumps(key)}: {_lines(item, depth + 1)}" for key, item in value.items()]
        return "{" + pad + f",{pad}".join(items) + end + "}"
    assert isinstance(value, list)  # noqa: S101, JSON has nothing else
    return "[" + pad + f",{pad}".join(_lines(item, depth + 1) for item in value) + end + "]"


def _is_flat(value: object) -> bool:
    if isinstance(value, Mapping):
        return not any(isinstance(item, Mapping | list) for item in value.values())
    return not isinstance(value, list) or not any(isinstance(x, Mapping | list) for x in value)


def _write(out: Path, texts: Mapping[str, str], key: Path | None) -> None:
    contents = {name: text.encode() for name, text in texts.items()}
    manifest = _text(
        Manifest(
            files={
                name: Listed(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
                for name, content in sorted(contents.items())
            }
        )
    ).encode()
    contents["manifest.json"] = manifest
    if key is not None:
        contents["signature.json"] = _text(signature(manifest, key)).encode()
    try:
        for name, content in contents.items():
            write_whole(out / name, content)
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}.") from error
