"""Writes the exports of a board: only of submissions with which nothing is wrong."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path

from ftbench.errors import StorageError, UsageError
from ftbench.leaderboard.board import Board, board_of
from ftbench.leaderboard.entries import BoardEntry
from ftbench.leaderboard.examining import examine_all
from ftbench.leaderboard.reading import read_folder
from ftbench.leaderboard.rules import Rules
from ftbench.ledger.drafts import write_whole

from .croissant import TABLE, description, verdict_table
from .every_eval_ever import record, record_name
from .model_card import eval_results


class Format(Enum):
    """What a board can be written as."""

    every_eval_ever = "every-eval-ever"
    hugging_face = "hugging-face"
    croissant = "croissant"


HUB_DATASET = "ftbench/leaderboard"
"""Stands for the benchmark's dataset on the hub, unless another is named."""


def export(
    folders: Sequence[Path], out: Path, formats: Sequence[Format], *, rules: Rules
) -> list[Path]:
    """Write the entries of submissions in other formats; returns what was written.

    Raises UsageError where no submission is whole, and StorageError where a file cannot be written.
    """
    board = board_of(examine_all(folders, rules), rules)
    if not board.rows:
        raise UsageError("No submission is whole; `ftbench leaderboard verify` says why.")
    written = []
    for wanted in formats:
        for name, text in _MAKERS[wanted](board, folders):
            written.append(out / wanted.value / name)
            try:
                write_whole(written[-1], text.encode())
            except OSError as error:
                raise StorageError(f"{written[-1]} cannot be written: {error.strerror}.") from error
    return written


def _every_eval_ever(board: Board, folders: Sequence[Path]) -> Iterator[tuple[str, str]]:
    for row in board.rows:
        text = json.dumps(record(row.entry), indent=1, ensure_ascii=False) + "\n"
        yield f"data/ftbench/{_slug(row.entry)}/{record_name(row.entry)}", text


def _hugging_face(board: Board, folders: Sequence[Path]) -> Iterator[tuple[str, str]]:
    models: dict[str, list[BoardEntry]] = {}
    for row in board.rows:
        models.setdefault(_slug(row.entry), []).append(row.entry)
    for slug, entries in models.items():
        yield f"{slug}/.eval_results/ftbench.yaml", eval_results(entries, dataset=HUB_DATASET)


def _croissant(board: Board, folders: Sequence[Path]) -> Iterator[tuple[str, str]]:
    whole = {row.entry.submission for row in board.rows}
    table = verdict_table([read_folder(path) for path in folders if path.name in whole])
    published = max(row.entry.made for row in board.rows)[:10]
    about = description(table, title=board.rules.title, published=published)
    yield TABLE, table
    yield "croissant.json", json.dumps(about, indent=1) + "\n"


def _slug(entry: BoardEntry) -> str:
    """A model's name as the name of a folder: strangers wrote it."""
    text = f"{entry.model['name'][:60]}-{entry.model['digest'][:8]}".lower()
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in text)


_MAKERS: Mapping[Format, Callable[[Board, Sequence[Path]], Iterator[tuple[str, str]]]] = {
    Format.every_eval_ever: _every_eval_ever,
    Format.hugging_face: _hugging_face,
    Format.croissant: _croissant,
}
