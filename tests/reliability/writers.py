"""Row 4: processes that start together on one run, or share one cache."""

import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from ftbench.errors import Busy
from ftbench.ledger.cache import StageCache
from ftbench.ledger.manifest import is_whole

from .forks import Child, cells, command_run, fork, library_run
from .kills import undisturbed
from .oracle import Contents, contents_of, differences, run_in
from .report import Row, Scale
from .town import HOLD, WORDS, lines, with_word

PATIENCE_SECONDS = 60.0


def start_together(place: Path, writers: int, reference: Contents) -> list[str]:
    """Start processes on one run; the one that gets it goes on when all others are gone."""
    place.mkdir()
    (place / HOLD).touch()
    children = [fork(command_run, place, waits=True) for _ in range(writers)]
    for child in children:
        child.begin()
    losers, left = _first_to_end(children, writers - 1)
    (place / HOLD).unlink()
    codes = [child.wait() for child in left]
    wrong = [f"a loser ended with {code}" for code in losers if code != Busy.exit_code]
    wrong += [f"{len(codes)} got in together"] * (len(codes) != 1)
    wrong += [f"the winner ended with {code}" for code in codes if code]
    trained = sum(line[0] == "finetune" for line in lines(place))
    wrong += [f"{trained} began to train"] * (trained != 1)
    said = children[0].said.count("is being written by process")
    wrong += [f"{said} of {len(losers)} losers were told by whom"] * (said != len(losers))
    return wrong or differences(place, reference)


def _first_to_end(children: Sequence[Child], number: int) -> tuple[list[int], list[Child]]:
    codes, left, until = [], list(children), time.monotonic() + PATIENCE_SECONDS
    while len(codes) < number and time.monotonic() < until:
        for child in list(left):
            if (code := child.is_over()) is not None:
                codes.append(code)
                left.remove(child)
        time.sleep(0.01)
    return codes, left


def attack_of(number: int) -> list[str]:
    """The command of one process of a sweep; every second makes the same attack."""
    return with_word(WORDS, f"attack.n={3 if number % 2 == 0 else 3 + number}")


def share_a_cache(place: Path, writers: int, alone: dict[int, Contents]) -> list[str]:
    """Run attacks on one model in processes that share a new cache."""
    children = []
    for number in range(writers):
        work = partial(library_run, *attack_of(number))
        own = place / str(number)
        children.append(fork(work, own, cache_at=place / "cache", waits=True))
    for child in children:
        child.begin()
    wrong = []
    for number, child in enumerate(children):
        if code := child.wait():
            wrong.append(f"process {number} ended with {code}: {child.said[-300:]}")
        else:
            wrong += [f"process {number}: {d}" for d in differences(child.folder, alone[number])]
            wrong += _worked_twice(child.folder)
    return wrong or _cache_differences(place, alone)


def _worked_twice(own: Path) -> list[str]:
    counts = Counter(tuple(line[:2]) for line in lines(own) if line[0] != "stage")
    return [
        f"one process did the {kind} {key[:12]} twice" for (kind, key), n in counts.items() if n > 1
    ]


def _cache_differences(place: Path, alone: dict[int, Contents]) -> list[str]:
    cache = StageCache(place / "cache")
    expected = {name: row[0] for one in alone.values() for name, row in one.units.items()}
    stored = units_of_cache(place / "cache")
    wrong = [f"the cache lacks {kind} {key[:12]}" for kind, key in expected.keys() - stored.keys()]
    wrong += [f"the cache has a strange {kind}" for kind, _ in stored.keys() - expected.keys()]
    wrong += [
        f"the cache has another {kind} {key[:12]}"
        for kind, key in stored.keys() & expected.keys()
        if kind != "finetune" and stored[kind, key] != expected[kind, key]
    ]
    models = cache.models()
    wrong += [f"the model {m.key[:12]} is not whole" for m in models if not is_whole(m.folder)]
    kinds = Counter(kind for kind, _ in expected)
    if len(models) != kinds["finetune"]:
        wrong.append(f"{len(models)} models are stored, not {kinds['finetune']}")
    cache.close()
    return wrong or _asks_nothing(place, alone[0])


def units_of_cache(folder: Path) -> dict[tuple[str, str], str]:
    """The payload of every unit in a cache, by kind and key."""
    with closing(sqlite3.connect(folder / "units.sqlite")) as reading:
        rows = reading.execute("SELECT kind, key, payload FROM units")
        return {(kind, key): payload for kind, key, payload in rows}


def _asks_nothing(place: Path, reference: Contents) -> list[str]:
    """One more run of the first attack finds everything in the cache."""
    late = fork(partial(library_run, *attack_of(0)), place / "late", cache_at=place / "cache")
    if code := late.wait():
        return [f"a late run ended with {code}: {late.said[-300:]}"]
    worked = sum(line[0] != "stage" for line in lines(place / "late"))
    said = [f"a late run worked {worked} units anew"] if worked else []
    return said + differences(place / "late", reference)


def row(place: Path, scale: Scale) -> Row:
    """Both, as often as they shall be."""
    found = Row(number=4, promise="one writer per run; processes may share one cache")
    reference = undisturbed(place).contents
    for number in range(scale.starts):
        wrong = start_together(place / f"start-{number}", scale.writers, reference)
        found.failures += [f"start {number}: {each}" for each in wrong]
    alone = _alone(place / "alone", scale.writers)
    for number in range(scale.sweeps):
        wrong = share_a_cache(place / f"sweep-{number}", scale.writers, alone)
        found.failures += [f"sweep {number}: {each}" for each in wrong]
    found.planned = found.fired = (scale.starts + scale.sweeps) * scale.writers
    found.said = (
        f"{scale.starts} x {scale.writers} starts: one winner each, all others ended with "
        f"{Busy.exit_code}; {scale.sweeps} x {scale.writers} processes with one cache: "
        "each distinct unit stored once, and found by a late run"
    )
    return found


def _alone(place: Path, writers: int) -> dict[int, Contents]:
    """What each process of a sweep finds by itself, without a cache."""
    contents = {}
    for number in range(writers):
        words = attack_of(number)
        if words == attack_of(0) and contents:
            contents[number] = contents[0]
            continue
        cells(*words)
        child = fork(partial(library_run, *words), place / str(number))
        if child.wait():
            raise RuntimeError(child.said)
        run = run_in(child.folder)
        assert run is not None
        contents[number] = contents_of(run)
    return contents
