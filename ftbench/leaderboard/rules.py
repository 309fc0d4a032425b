"""What a board asks of its submissions: ``board.json``, written by those who keep the board."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from packaging.version import InvalidVersion, Version
from pydantic import Field

from ftbench.errors import UsageError

from .faults import Unreadable
from .reading import strict_json, typed
from .schema import COMPARABILITY, Part, Run
from .words import MOST_ITEMS, Digest, Label, Link, Number, Word

FILE = "board.json"
ENTRIES = "entries"
"""The folder of a board that holds the submissions, where it is not the board's own."""


class Envelope(Part):
    """Where a figure of a well-known model must lie."""

    model: Label
    prompt_set: Digest
    judge: Word
    subject: Literal["base", "tuned"] = "base"
    column: Word
    low: Number
    high: Number


class Attestation(Part):
    """What somebody who keeps the board has done to check a submission."""

    manifest: Digest
    """The sha256 of its ``manifest.json``."""
    level: Literal["re-judged", "reproduced"]
    by: Label
    date: Label
    link: Link = ""


class Rules(Part):
    """The rules of one board; without a file, those of a board that pins nothing."""

    title: Label = "ftbench leaderboard"
    prompt_sets: dict[Digest, Label] = {}
    """The prompt sets that are compared, by digest, with a name; empty: any."""
    judges: dict[Word, list[Digest]] = {}
    """For each judge the identities that are current; others are stale."""
    judge_versions: dict[Word, Word] = {}
    """For the other judges the version that is current; those not named: the one installed."""
    keys: dict[Digest, Label] = {}
    """Public keys of submitters who are known, with their names."""
    envelopes: Annotated[list[Envelope], Field(max_length=1000)] = []
    attestations: Annotated[list[Attestation], Field(max_length=100_000)] = []
    comparability: Annotated[int, Field(ge=1)] = COMPARABILITY
    most_seeds: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = MOST_ITEMS


def rules_of(board: Path, *, installed: Mapping[str, str]) -> Rules:
    """The rules beside the submissions; ``installed`` gives the versions of judges at hand.

    Raises UsageError for a file that cannot be used.
    """
    stated = _stated(board / FILE)
    return stated.model_copy(update={"judge_versions": {**installed, **stated.judge_versions}})


def _stated(path: Path) -> Rules:
    if not path.is_file():
        return Rules()
    try:
        content = path.read_bytes()
        strict_json(FILE, content)
        return typed(Rules, FILE, content)
    except Unreadable as error:
        wrong = error.fault.wrong
        raise UsageError(f"{path} cannot be used as the rules of a board: {wrong}") from error


def stale_judges(run: Run, rules: Rules) -> dict[str, str]:
    """For each judge of a run that is not the current one: why."""
    found = {}
    versions = {one.name: one.version for one in run.components if one.role == "judge"}
    for judge, known in run.judges.items():
        if judge in rules.judges:
            if known.identity not in rules.judges[judge]:
                found[judge] = f"The judge {judge} is not the one that this board has now."
        elif _is_older(versions.get(judge, ""), rules.judge_versions.get(judge, "")):
            current = rules.judge_versions[judge]
            found[judge] = (
                f"The judge {judge} is of version {versions[judge]}, now it is {current}."
            )
    return found


def _is_older(version: str, current: str) -> bool:
    try:
        return bool(version) and bool(current) and Version(version) < Version(current)
    except InvalidVersion:
        return version != current
