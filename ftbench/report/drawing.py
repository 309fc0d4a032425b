"""Figures as SVG inside a page: they take its colours, and nothing but it is needed to see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABEL, _HEIGHT = 640, 170, 16
_LEFT, _TOP, _TALL = 40, 24, 180
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_FEWEST = 3
"""Points that make a curve: before training and two epochs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A share with its interval, under a label; bars of a series have one colour."""

    series: str
    label: str
    value: float
    low: float
    high: float


def bars(points: Sequence[Bar], *, title: str) -> str:
    """Horizontal bars, one for each label and series; "" where there is nothing to draw."""
    labels = list(dict.fromkeys(point.label for point in points))
    series = list(dict.fromkeys(point.series for point in points))
    if not labels:
        return ""
    row = _HEIGHT * len(series) + 8
    height = _TOP + row * len(labels) + 24
    span = _WIDTH - _LABEL - 20
    parts = [*_ticks_across(height, span), *_legend(series)]
    for number, label in enumerate(labels):
        top = _TOP + row * number
        parts.append(_text(_LABEL - 8, top + row / 2, label, anchor="end"))
        for place, name in enumerate(series):
            mine = [p for p in points if (p.label, p.series) == (label, name)]
            parts += [_bar(p, top + _HEIGHT * place, span, place) for p in mine]
    return _svg(parts, height, title)


def _bar(point: Bar, top: float, span: float, place: int) -> str:
    middle, width = top + _HEIGHT / 2 - 1, max(1.0, span * point.value)
    low, high = _LABEL + span * point.low, _LABEL + span * point.high
    return (
        f'<rect class="s{place}" x="{_LABEL}" y="{top}" width="{width:.1f}" '
        f'height="{_HEIGHT - 3}"><title>{escape(point.label)}, {escape(point.series)}: '
        f"{100 * point.value:.1f} %</title></rect>"
        f'<path class="span" d="M{low:.1f} {middle}H{high:.1f}"/>'
    )


def _ticks_across(height: float, span: float) -> Iterator[str]:
    for tick in _TICKS:
        at = _LABEL + span * tick
        yield f'<path class="tick" d="M{at:.1f} {_TOP - 4}V{height - 20}"/>'
        yield _text(at, height - 8, f"{100 * tick:.0f} %", anchor="middle")


def _legend(series: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(series):
        at = _LABEL + 90 * place
        yield f'<rect class="s{place}" x="{at}" y="3" width="12" height="12"/>'
        yield _text(at + 18, 9, name, anchor="start")


def curve(points: Sequence[Bar], *, title: str) -> str:
    """A line over labels that are numbers, with intervals; "" for fewer than three points."""
    if len(points) < _FEWEST:
        return ""
    span = _WIDTH - _LEFT - 20
    last = max(float(point.label) for point in points) or 1.0
    places = [(_LEFT + span * float(p.label) / last, p) for p in points]
    line = " ".join(f"{at:.1f},{_down(p.value):.1f}" for at, p in places)
    parts = [f'<polyline class="line" points="{line}"/>']
    for tick in _TICKS:
        parts.append(f'<path class="tick" d="M{_LEFT} {_down(tick):.1f}H{_WIDTH - 20}"/>')
        parts.append(_text(_LEFT - 6, _down(tick), f"{100 * tick:.0f}", anchor="end"))
    for at, p in places:
        span_of = f"M{at:.1f} {_down(p.low):.1f}V{_down(p.high):.1f}"
        parts.append(f'<path class="span" d="{span_of}"/>')
        parts.append(f'<circle class="s1" cx="{at:.1f}" cy="{_down(p.value):.1f}" r="4"/>')
        parts.append(_text(at, _TOP + _TALL + 14, p.label, anchor="middle"))
    return _svg(parts, _TOP + _TALL + 28, title)


def _down(share: float) -> float:
    return _TOP + _TALL * (1 - share)


def _text(x: float, y: float, words: str, *, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'dominant-baseline="central">{escape(words)}</text>'
    )


def _svg(parts: Sequence[str], height: float, title: str) -> str:
    inside = "".join(parts)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{inside}</svg>"
    )
