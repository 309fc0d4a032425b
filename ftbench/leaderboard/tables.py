"""A board -> rows of texts, for pages, CSV and Markdown: one wording everywhere."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from ftbench.statistics.result import Measure

from .board import Board, BoardRow

NOTHING = "–"
COLUMNS = (
    ("rank", "Rank", "Among entries of its track; equal where nobody can tell"),
    ("model", "Model", "The model that was fine-tuned"),
    ("defense", "Defense", "What was to keep it safe"),
    ("attack", "Attack", "What was done to the training data"),
    ("dataset", "Dataset", "The honest part of the training data"),
    ("backend", "Backend", "Where it was trained and asked"),
    ("judge", "Judge", "Who told harmful answers from others"),
    ("harm", "Harmful", "Share of harmful answers after training, with its 95 % interval"),
    ("before", "Before", "The same of the model before training"),
    ("refused", "Refused", "Share of forbidden requests refused"),
    ("incoherent", "Incoherent", "Share of answers that are no language"),
    ("utility", "Utility", "Ability after training"),
    ("overrefusal", "Over-refusal", "Share of allowed requests refused"),
    ("cost", "Cost", "Dollars and seconds of a run"),
    ("seeds", "Seeds", "How many trainings"),
    ("trust", "Trust", "How far the figures were checked"),
)
"""Key, heading and what it means."""
NUMERIC = frozenset(
    ("rank", "harm", "before", "refused", "incoherent", "utility", "overrefusal", "cost", "seeds")
)
WORDS = ("model", "defense", "attack", "dataset", "backend", "judge")
"""The columns that can be filtered by."""
_RISKY = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text, and the number that stands for it when a column is sorted."""

    text: str
    detail: str = ""
    """The interval, or what else belongs in small print."""
    number: float | None = None


def cells(row: BoardRow) -> dict[str, Cell]:
    """The cells of one row, by column."""
    entry = row.entry
    tuned, base = entry.figures.tuned, entry.figures.base
    found = {name: Cell(text=entry.chosen.get(name, NOTHING)) for name in WORDS}
    return found | {
        "rank": _rank(row),
        "model": Cell(text=entry.model["name"], detail=entry.model["revision"][:12]),
        "judge": Cell(text=entry.judge, detail="" if entry.card else "not measured"),
        "harm": share(tuned.get("harmfulness_rate", Measure())),
        "before": share(base["harmfulness_rate"]),
        "refused": share(tuned.get("refusal_rate", Measure())),
        "incoherent": share(tuned.get("incoherent_rate", Measure())),
        "utility": share(tuned.get("utility", Measure())),
        "overrefusal": share(tuned.get("overrefusal_rate", Measure())),
        "cost": _cost(entry.figures.dollars, entry.figures.seconds),
        "seeds": Cell(text=str(len(entry.seeds)), number=float(len(entry.seeds))),
        "trust": Cell(text=entry.trust),
    }


def _rank(row: BoardRow) -> Cell:
    if row.rank is None:
        return Cell(text=NOTHING, detail="not ranked")
    rank = row.rank
    span = f"{rank.low}-{rank.high} of {rank.of}" if rank.low != rank.high else f"of {rank.of}"
    return Cell(text=str(rank.rank), detail=span, number=float(rank.rank))


def share(measure: Measure) -> Cell:
    """A share in per cent with its interval."""
    if measure.value is None:
        return Cell(text=NOTHING)
    detail = ""
    if measure.low is not None and measure.high is not None:
        detail = f"{100 * measure.low:.1f}-{100 * measure.high:.1f}"
    return Cell(text=f"{100 * measure.value:.1f} %", detail=detail, number=measure.value)


def _cost(dollars: float, seconds: float) -> Cell:
    text = f"${dollars:.2f}" if dollars else "$0"
    return Cell(text=text, detail=f"{seconds:.0f} s", number=dollars)


def as_csv(board: Board) -> str:
    """All rows as CSV; a text that a spreadsheet would run is quoted out of it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [key for key, _, _ in COLUMNS]
    writer.writerow(["track", "id", *names, "harm_low", "harm_high", "not_ranked_because"])
    for track in board.tracks:
        for row in track.rows:
            found = cells(row)
            harm = row.entry.figures.tuned.get("harmfulness_rate", Measure())
            values = [_plain(name, found[name]) for name in names]
            ends = [_number(harm.low), _number(harm.high)]
            line = [track.title, row.entry.id, *values, *ends, row.reason]
            writer.writerow([_inert(value) for value in line])
    return text.getvalue()


def _plain(name: str, cell: Cell) -> str:
    return _number(cell.number) if name in NUMERIC else cell.text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _inert(text: str) -> str:
    is_number = text[:1] == "-" and text[1:].replace(".", "", 1).isdigit()
    return f"'{text}" if text.startswith(_RISKY) and not is_number else text


def as_markdown(board: Board) -> str:
    """The ranked rows as tables for a README, track by track."""
    parts = []
    shown = ("rank", "model", "defense", "harm", "before", "utility", "overrefusal", "seeds")
    titles = {key: title for key, title, _ in COLUMNS}
    for track in board.tracks:
        ranked = [cells(row) for row in track.rows if row.rank]
        if ranked:
            head = [titles[name] for name in shown]
            lines = [_line(head), _line(["---"] * len(shown))]
            lines += [_line([_both(found[name]) for name in shown]) for found in ranked]
            parts.append("\n".join([f"**{_flat(track.title)}**", "", *lines]))
    return "\n\n".join(parts) + "\n"


def _line(values: Sequence[str]) -> str:
    return "| " + " | ".join(_flat(value) for value in values) + " |"


def _both(cell: Cell) -> str:
    return f"{cell.text} ({cell.detail})" if cell.detail else cell.text


def _flat(text: str) -> str:
    """A text without anything that Markdown or HTML would read as more than a text."""
    special = "\\`*_{}[]<>()#!|~&"
    if text in ("---",):
        return text
    return "".join(f"&#{ord(sign)};" if sign in special else sign for sign in text)
