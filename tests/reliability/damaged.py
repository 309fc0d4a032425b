"""Row 3: files that disks and people have damaged are named, or used by nobody."""

import random
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ftbench.ledger.cache import StageCache
from ftbench.ledger.codec import encode
from ftbench.testing.damage import FILE_DAMAGES, DamageReport, damage_campaign

from .forks import fork, in_parallel, library_run
from .kills import undisturbed
from .oracle import Contents, differences, run_in
from .report import Row, Scale

PARTS = 8
"""Into how many campaigns the rounds are split, with a seed each."""


@dataclass(kw_only=True)
class Reuse:
    """What a run did with a damaged cache."""

    failures: list[str] = field(default_factory=list)
    kind: str = ""


def reused(number: int, *, place: Path, reference: Contents) -> Reuse:
    """Damage one file of a cache, and run with it; the damage must change nothing."""
    dice, own = random.Random(number), place / f"reuse-{number}"
    shutil.copytree(place / "cache", own / "cache")
    files = sorted(path for path in (own / "cache").rglob("*") if path.is_file())
    file = dice.choice(files)
    kind = dice.choice(sorted(FILE_DAMAGES))
    FILE_DAMAGES[kind](file, dice)
    child = fork(library_run, own, cache_at=own / "cache")
    found = Reuse(kind=kind)
    if code := child.wait():
        found.failures = [f"the run ended with {code}: {child.said[-300:]}"]
    else:
        found.failures = differences(own, reference)
        found.failures += _served(own / "cache", reference)
    shutil.rmtree(own)
    where = f"cache, {kind} of {file.relative_to(own / 'cache')}"
    found.failures = [f"{where}: {each}" for each in found.failures]
    return found


def _served(cache_at: Path, reference: Contents) -> list[str]:
    """What a cache would give to the next run, and is not what an undisturbed run has."""
    served = StageCache(cache_at)
    wrong = [
        f"the cache serves another {kind} {key[:12]}"
        for (kind, key), row in reference.units.items()
        for _, unit in served.units(kind, [key])
        if encode(unit) != row[0]
    ]
    served.close()
    return wrong


def row(place: Path, scale: Scale) -> Row:
    """Damage a finished run a thousand times, then a cache some times."""
    found = Row(number=3, promise="damaged files are named; a damaged cache is never trusted")
    reference = undisturbed(place).contents
    run = run_in(place / "whole-0")
    assert run is not None
    rounds = scale.damages // PARTS
    reports = in_parallel(partial(_campaign, run=run, rounds=rounds), range(PARTS))
    filled = fork(library_run, place / "filled", cache_at=place / "cache")
    if filled.wait():
        found.failures.append(f"the cache could not be filled: {filled.said[-300:]}")
        return found
    work = partial(reused, place=place, reference=reference)
    reuses = in_parallel(work, range(scale.cache_damages))
    named, harmless = sum(r.named for r in reports), sum(r.harmless for r in reports)
    found.planned = rounds * PARTS + scale.cache_damages
    found.fired = sum(r.rounds for r in reports) + len(reuses)
    found.failures = [each for report in reports for each in report.silent]
    found.failures += [each for reuse in reuses for each in reuse.failures]
    silent, harmed = sum(len(r.silent) for r in reports), sum(bool(r.failures) for r in reuses)
    found.said = (
        f"{named} named, {harmless} harmless (every row and file as before), {silent} silent; "
        f"{len(reuses) - harmed} of {len(reuses)} damaged caches changed nothing"
    )
    return found


def _campaign(seed: int, *, run: Path, rounds: int) -> DamageReport:
    return damage_campaign(run, rounds, seed)
