"""``ftbench runs``: finished runs at a glance, filtered, or two of them compared."""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable

if TYPE_CHECKING:
    from ftbench.archive.listing import Differing, Listed

_TWO = 2
_NOTHING = "–"


def runs(words: Sequence[str], catalog: Catalog) -> int:
    """List finished runs, only those with attack=NAME and the like, or compare two."""
    parser = argparse.ArgumentParser(prog="ftbench runs", description=runs.__doc__)
    parser.add_argument("words", nargs="*", metavar="FOLDER|GROUP=NAME", help="default: runs")
    parser.add_argument("--compare", action="store_true", help="what differs between two runs")
    parser.add_argument("--json", action="store_true", help="one JSON object per run")
    options = parser.parse_args(words)
    from ftbench.archive.listing import differing, listed, matches  # noqa: PLC0415, slow

    wanted = dict(word.split("=", 1) for word in options.words if "=" in word)
    places = [Path(word) for word in options.words if "=" not in word] or [Path("runs")]
    found = [one for one in listed(places) if matches(one, wanted)]
    if options.compare:
        if len(found) != _TWO:
            raise UsageError(f"--compare takes two runs; these are {len(found)}.")
        lines = _compared(found, differing(*found))
    elif options.json:
        lines = (json.dumps(_as_json(one)) for one in found)
    else:
        lines = _listed(found)
    for line in lines:
        print(printable(line))
    return 0


def _as_json(one: "Listed") -> dict[str, object]:
    return {**asdict(one), "folder": str(one.folder)}


def _listed(found: Sequence["Listed"]) -> Iterator[str]:
    """A line for each run, as wide as its longest cells; in the order of their names."""
    if not found:
        yield "No finished run. `ftbench status` tells of those that are not finished."
        return
    head = ("run", "harmful", "", "utility", "seeds", "begun")
    rows = [head, *(_cells(one) for one in found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    if sys.stdout.isatty() and shutil.get_terminal_size().columns < sum(widths) + 2 * len(head):
        yield from _stacked(rows[1:])
        return
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _stacked(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Two lines for each run, where a terminal has no room for one."""
    for name, before, after, utility, *_ in rows:
        yield name
        yield f"  {before} {after}, utility {utility}"


def _cells(one: "Listed") -> tuple[str, ...]:
    before, after = (_share(side.get("harmfulness_rate")) for side in (one.base, one.tuned))
    tuned = f"-> {after}" if one.tuned else one.outcome
    utility = _share((one.tuned or one.base).get("utility"))
    return (one.name, before, tuned, utility, str(len(one.seeds)), one.started[:16])


def _share(value: float | None) -> str:
    return _NOTHING if value is None else f"{100 * value:.1f} %"


def _compared(found: Sequence["Listed"], every: Sequence["Differing"]) -> Iterator[str]:
    yield f"A {found[0].name}"
    yield f"B {found[1].name}"
    if not every:
        yield "They differ in nothing that they say."
    for kind in dict.fromkeys(one.kind for one in every):
        yield f"\n{kind}"
        mine = [one for one in every if one.kind == kind]
        widths = [max(len(getattr(one, part)) for one in mine) for part in ("name", "first")]
        for one in mine:
            yield f"  {one.name:{widths[0]}}  {one.first:{widths[1]}}  {one.second}".rstrip()
