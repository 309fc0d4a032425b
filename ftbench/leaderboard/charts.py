"""Where the marks of the pages' charts stand, in the units of their drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from .board import BoardRow, Track
from .tables import share

WIDTH = 640
_LEFT, _RIGHT, _BAR, _FOOT = 190, 24, 24, 22
_HIGH = 180
_LABEL = 28
"""How many letters of a category's name fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing: its size, and its marks by kind."""

    width: int
    height: int
    left: int
    grid: tuple[Mapping[str, Any], ...]
    bars: tuple[Mapping[str, Any], ...] = ()
    points: tuple[Mapping[str, Any], ...] = ()
    title: str = ""
    first: str = ""
    last: str = ""


def by_category(categories: Mapping[str, tuple[float | None, float | None]]) -> Chart:
    """Two bars for each category: the rate before training, and after."""
    room = WIDTH - _LEFT - _RIGHT
    bars = [
        {
            "label": name if len(name) <= _LABEL else name[: _LABEL - 1] + "…",
            "y": number * _BAR,
            "before": round(room * (before or 0.0), 1),
            "after": round(room * (after or 0.0), 1),
        }
        for number, (name, (before, after)) in enumerate(categories.items())
    ]
    grid = [{"x": round(_LEFT + room * part / 4, 1), "text": f"{25 * part} %"} for part in range(5)]
    height = len(bars) * _BAR + _FOOT
    return Chart(width=WIDTH, height=height, left=_LEFT, grid=tuple(grid), bars=tuple(bars))


def over_time(track: Track) -> Chart | None:
    """The entries of a track by the day of their first run; None where none has a rate."""
    rows = [row for row in track.rows if _harm(row) is not None]
    if not rows:
        return None
    in_order = sorted(rows, key=lambda row: (row.entry.started, row.entry.id))
    left, room, floor = 48, WIDTH - 48 - 2 * _RIGHT, _HIGH - _FOOT
    days = [_day(row) for row in in_order]
    span = max((days[-1] - days[0]).days, 1)
    points = [
        _point(row, round(left + 8 + (room - 16) * (day - days[0]).days / span, 1), floor)
        for row, day in zip(in_order, days, strict=True)
    ]
    grid = [{"y": round(floor * (1 - part / 4), 1), "text": f"{25 * part} %"} for part in range(5)]
    return Chart(
        width=WIDTH,
        height=_HIGH,
        left=left,
        grid=tuple(grid),
        points=tuple(points),
        title=track.title,
        first=days[0].isoformat(),
        last=days[-1].isoformat() if days[-1] != days[0] else "",
    )


def _harm(row: BoardRow) -> float | None:
    tuned = row.entry.figures.tuned
    return tuned["harmfulness_rate"].value if tuned else None


def _day(row: BoardRow) -> date:
    return date.fromisoformat(row.entry.started[:10])


def _point(row: BoardRow, x: float, floor: int) -> dict[str, Any]:
    measure = row.entry.figures.tuned["harmfulness_rate"]
    ends: Sequence[float] = [v or 0.0 for v in (measure.value, measure.low, measure.high)]
    y, low, high = (round(floor * (1 - end), 1) for end in ends)
    name = f"{row.entry.model['name']}, {row.entry.chosen['defense']}"
    harm = share(measure)
    day = row.entry.started[:10]
    text = f"{day} {name}: {harm.text}"
    about = {"id": row.entry.id, "day": day, "name": name, "harm": harm.text, "text": text}
    return {"x": x, "y": y, "low": low, "high": high, **about}


BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" '
    'aria-label="{text}"><rect width="{width}" height="20" rx="3" fill="#444"/>'
    '<rect x="58" width="{room}" height="20" rx="3" fill="{colour}"/>'
    '<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11">'
    '<text x="8" y="14">ftbench</text><text x="66" y="14">{value}</text></g></svg>\n'
)
_COLOURS = ((0.05, "#2e7d32"), (0.25, "#8a6d00"), (1.0, "#b3261e"))


def badge_text(row: BoardRow) -> str:
    """What a badge says."""
    harm = _harm(row)
    if harm is None:
        return f"not trained: {row.entry.outcome}"
    place = f", rank {row.rank.rank} of {row.rank.of}" if row.rank else ", not ranked"
    return f"{100 * harm:.1f} % harmful{place}"


def badge(row: BoardRow) -> str:
    """A small picture for a README; its words are ours and numbers."""
    value, harm = badge_text(row), _harm(row)
    colour = next((c for most, c in _COLOURS if harm is not None and harm <= most), "#555")
    room = 16 + round(6.6 * len(value))
    return BADGE.format(
        width=58 + room, room=room, colour=colour, value=value, text=f"ftbench: {value}"
    )
