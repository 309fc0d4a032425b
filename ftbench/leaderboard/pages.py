"""A board -> its site: static files that need no server, each text shown as the text it is."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ftbench.errors import StorageError, UsageError

from .board import Board, Track
from .charts import badge, over_time
from .entries import as_json
from .entry_page import of_entry
from .literature import reported
from .schema import COMPARABILITY
from .tables import COLUMNS, NUMERIC, WORDS, as_csv, as_markdown, cells

FIRST = 100
"""How many rows the first view has; the others come when they are wanted."""
MOST_PANELS = 12
_FOLDERS = {"entries": (".html",), "badges": (".svg",), "assets": (".css", ".js", ".svg")}
"""The folders of a site, and how the names of their files end."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("ftbench.leaderboard", "site/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_site(board: Board, out: Path) -> int:
    """Write all files of a board's site; returns how many.

    What an earlier site left is removed. Raises UsageError for a folder that holds something else,
    and StorageError where it cannot be written.
    """
    count = 0
    _check_is_a_site(out)
    try:
        for folder in _FOLDERS:
            shutil.rmtree(out / folder, ignore_errors=True)
            (out / folder).mkdir(parents=True)
        with as_file(files("ftbench.leaderboard") / "site" / "assets") as assets:
            for path in sorted(assets.iterdir()):
                shutil.copyfile(path, out / "assets" / path.name)
        for name, text in site(board):
            (out / name).write_text(text, encoding="utf-8", newline="\n")
            count += 1
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}.") from error
    return count


def _check_is_a_site(out: Path) -> None:
    """Nothing of anybody else's may be removed: a board's submissions lie in ``entries`` too."""
    for folder, ending in _FOLDERS.items():
        if not (out / folder).exists():
            continue
        strange = (out / folder).is_symlink() or not (out / folder).is_dir()
        names = [] if strange else [path.name for path in (out / folder).iterdir()]
        if strange or not all(name.endswith(ending) for name in names):
            raise UsageError(
                f"{out / folder} is no part of a site. Name another folder with --out: a site "
                "replaces what is in it."
            )


def site(board: Board) -> Iterator[tuple[str, str]]:
    """Every file with its text; the same board always gives the same bytes."""
    yield "index.html", _index(board)
    yield "about.html", _page("about", board, comparability=board.rules.comparability)
    panels = [chart for track in board.tracks[:MOST_PANELS] if (chart := over_time(track))]
    yield "trend.html", _page("trend", board, panels=panels)
    yield "rows.js", _rows(board)
    yield "results.json", _results(board)
    yield "results.csv", as_csv(board)
    yield "results.md", as_markdown(board)
    for row in board.rows:
        yield f"entries/{row.entry.id}.html", _page("entry", board, root="../", **of_entry(row))
        yield f"badges/{row.entry.id}.svg", badge(row)


def _page(name: str, board: Board, *, root: str = "", **values: Any) -> str:
    template = _environment().get_template(f"{name}.html")
    return template.render(title=board.rules.title, page=name, root=root, **values)


def _index(board: Board) -> str:
    rows = board.rows
    found = {row.entry.id: cells(row) for row in rows}
    filters = [
        (key, heading, sorted({each[key].text for each in found.values()}))
        for key, heading, _ in COLUMNS
        if key in WORDS
    ]
    return _page(
        "index",
        board,
        rows=rows,
        tracks=board.tracks,
        broken=board.broken,
        filters=filters,
        columns=COLUMNS,
        shown=list(_first(board.tracks, found)),
        has_more=len(rows) > FIRST,
        literature=reported(),
    )


def _first(
    tracks: Sequence[Track], found: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The tracks with as many of their rows as the first view has."""
    left = FIRST
    for track in tracks:
        rows = [
            {"id": one.entry.id, "is_ranked": one.rank is not None, "cells": found[one.entry.id]}
            for one in track.rows[:left]
        ]
        left -= len(rows)
        if rows:
            yield {"title": track.title, "about": track.about, "rows": rows}


def _rows(board: Board) -> str:
    """The rows for sorting and filtering: texts, and the numbers that they stand for."""
    rows = [
        {
            "id": row.entry.id,
            "track": number,
            "ranked": row.rank is not None,
            "cells": [_short(found[key]) for key, _, _ in COLUMNS],
        }
        for number, track in enumerate(board.tracks)
        for row in track.rows
        for found in [cells(row)]
    ]
    data = {
        "columns": [key for key, _, _ in COLUMNS],
        "numeric": sorted(NUMERIC),
        "tracks": [{"title": track.title, "about": track.about} for track in board.tracks],
        "rows": rows,
    }
    return f"globalThis.ftbenchRows = {json.dumps(data, separators=(',', ':'))};\n"


def _short(cell: Any) -> list[Any]:
    number = None if cell.number is None else round(cell.number, 6)
    return [cell.text, cell.detail, number]


def _results(board: Board) -> str:
    """Everything as JSON, one entry on a line."""
    tracks = [_track(track) for track in board.tracks]
    data = {
        "title": board.rules.title,
        "comparability": COMPARABILITY,
        "broken": [
            {"folder": one.folder, "faults": [asdict(fault) for fault in one.faults]}
            for one in board.broken
        ],
        "literature": [asdict(one) for one in reported()],
    }
    head = json.dumps(data, sort_keys=True).removesuffix("}")
    joined = ",\n".join(tracks)
    return f'{head}, "tracks": [\n{joined}\n]}}\n'


def _track(track: Track) -> str:
    about = {"id": track.id, "title": track.title, "about": track.about}
    entries = [
        {
            "rank": asdict(row.rank) if row.rank else None,
            "not_ranked_because": row.reason,
            **as_json(row.entry),
        }
        for row in track.rows
    ]
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
    head = json.dumps(about, sort_keys=True).removesuffix("}")
    return f'{head}, "entries": [\n{lines}\n]}}'
