"""Points -> pictures, by matplotlib; imported only where something is drawn."""

from collections.abc import Mapping, Sequence
from math import nan, pi
from typing import Any

from ftbench.errors import UsageError

from .points import Point, Trade

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by colour-blind eyes too (Okabe and Ito 2008)."""
_MARKS = ("o", "s", "^", "D", "v", "P")
_STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "svg.hashsalt": "ftbench",
    "svg.fonttype": "path",
    "figure.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.1,
}
_PERCENT = 100
_RATE = "harmfulness rate (%)"
_MOST_TICKS = 8
_WIDE_RANGE = 20
"""Places that lie further apart than this many times are drawn on a logarithmic axis."""
_MARGIN, _LEAST = 3, 20
"""Percentage points: around the outermost points of a scatter, and the least that it shows."""


def plotting() -> Any:
    """matplotlib's pyplot without a screen. Raises UsageError where it is not installed."""
    try:
        import matplotlib as mpl  # noqa: PLC0415, slow to import
    except ImportError as missing:
        raise UsageError(
            f"Plots need {missing.name}, which is not installed. Install it: "
            "pip install 'ftbench[plots]'"
        ) from missing
    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    pyplot.rcdefaults()
    mpl.rcParams.update(_STYLE)
    return pyplot


def bars(points: Sequence[Point], title: str) -> Any:
    """Two bars for each category, before and after, with their intervals; a dot ends each."""
    categories = _categories(points)
    height = 1.4 + 0.42 * len(categories)
    figure, axes = plotting().subplots(figsize=(7.5, height), layout="constrained")
    for number, (name, own) in enumerate(_series(points).items()):
        places = [categories[str(point.at)] - 0.2 + 0.4 * number for point in own]
        values = [_PERCENT * point.value for point in own]
        colour = _COLOURS[number]
        axes.barh(places, values, height=0.36, color=colour, alpha=0.55)
        axes.errorbar(
            values, places, xerr=_errors(own), color="#222222", fmt=_MARKS[number],
            markerfacecolor=colour, markersize=4.5, elinewidth=0.9, capsize=2.5, clip_on=False,
            label=_labelled(name, own),
        )  # fmt: skip
    axes.set_yticks(list(categories.values()), list(map(_spoken, categories)))
    axes.set_ylim(len(categories) - 0.45, -0.55)
    axes.set_xlim(0, _PERCENT)
    axes.set_xlabel(f"{_RATE}, with 95 % intervals")
    axes.set_title(title)
    axes.grid(axis="x")
    _legend_below(figure, columns=2)
    return figure


def radar(points: Sequence[Point], title: str) -> Any:
    """The same as a line around a circle, without intervals; it is open where one lacks."""
    categories = _categories(points)
    angles = [2 * pi * place / len(categories) for place in range(len(categories))]
    figure, axes = plotting().subplots(
        figsize=(7.5, 6.2), subplot_kw={"projection": "polar"}, layout="constrained"
    )
    for number, (name, own) in enumerate(_series(points).items()):
        known = {str(point.at): _PERCENT * point.value for point in own}
        values = [known.get(category, nan) for category in categories]
        closed = ([*angles, angles[0]], [*values, values[0]])
        axes.plot(
            *closed, color=_COLOURS[number], marker=_MARKS[number], markersize=4.5, clip_on=False,
            label=_labelled(name, own), zorder=3,
        )  # fmt: skip
        if len(known) == len(categories):
            axes.fill(*closed, color=_COLOURS[number], alpha=0.12)
    axes.set_theta_offset(pi / 2)
    axes.set_theta_direction(-1)
    axes.set_ylim(0, _PERCENT)
    axes.set_xticks(angles, list(map(_spoken, categories)))
    for label, angle in zip(axes.get_xticklabels(), angles, strict=True):
        label.set_horizontalalignment(_side(angle / pi))
    axes.tick_params(axis="y", labelsize=7.5, labelcolor="#555555")
    axes.set_rlabel_position(180 / len(categories))
    axes.set_title(f"{title}\n{_RATE}", pad=14)
    _legend_below(figure, columns=2)
    return figure


def _side(turn: float) -> str:
    """Which end of a label touches the circle, by half turns from the top."""
    if min(abs(turn), abs(turn - 1), abs(turn - 2)) < 0.02:  # noqa: PLR2004
        return "center"
    return "left" if turn < 1 else "right"


def curves(points: Sequence[Point], title: str, *, axis: str) -> Any:
    """A line with intervals for each series."""
    lines = _series(points)
    height = 3.9 + 0.2 * len(lines)
    figure, axes = plotting().subplots(figsize=(6.2, height), layout="constrained")
    for number, (name, own) in enumerate(lines.items()):
        axes.errorbar(
            [float(point.at) for point in own],
            [_PERCENT * point.value for point in own],
            yerr=_errors(own),
            color=_COLOURS[number % len(_COLOURS)],
            marker=_MARKS[number % len(_MARKS)],
            linestyle=("-", "--", ":")[number // len(_COLOURS) % 3],
            markersize=4.5,
            capsize=3,
            linewidth=1.2,
            label=_labelled(name, own),
        )
    _scale(axes, sorted({float(point.at) for point in points}))
    axes.set_xlabel(axis)
    axes.set_ylabel(f"{_RATE}, with 95 % intervals")
    axes.set_ylim(-2, _PERCENT + 2)
    axes.set_title(title)
    axes.grid()
    _legend_below(figure)
    return figure


def _scale(axes: Any, places: Sequence[float]) -> None:
    """Ticks where there are points; logarithmic where a few would crowd the others."""
    if places[0] > 0 and places[-1] / places[0] > _WIDE_RANGE:
        axes.set_xscale("log")
    if len(places) <= _MOST_TICKS:
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.set_xticks([], minor=True)


def pareto(found: Sequence[Trade], title: str) -> Any:
    """Utility over harm: the upper left is where one wants to be; the best are joined."""
    height = 4.2 + 0.2 * (len(found) + 1)
    figure, axes = plotting().subplots(figsize=(6.2, height), layout="constrained")
    best = sorted((one for one in found if one.is_best), key=lambda one: (one.harm, one.utility))
    if len(best) > 1:
        axes.plot(
            [_PERCENT * one.harm for one in best],
            [_PERCENT * one.utility for one in best],
            color="#888888", linestyle="--", linewidth=1, zorder=1,
            label="joined: no other is both as safe and as able",
        )  # fmt: skip
    for number, one in enumerate(found):
        axes.errorbar(
            _PERCENT * one.harm,
            _PERCENT * one.utility,
            xerr=_around(one.harm, one.harm_low, one.harm_high),
            yerr=_around(one.utility, one.utility_low, one.utility_high),
            color=_COLOURS[number % len(_COLOURS)],
            marker=_MARKS[number // len(_COLOURS) % len(_MARKS)],
            elinewidth=0.7, capsize=2, linestyle="none", zorder=2,
            label=f"{one.name} (n = {one.harm_n} for harm, {one.utility_n} for utility)",
        )  # fmt: skip
    _zoom(axes.xaxis, [(one.harm_low, one.harm_high) for one in found])
    _zoom(axes.yaxis, [(one.utility_low, one.utility_high) for one in found])
    axes.set_xlabel(f"{_RATE}, with 95 % intervals")
    axes.set_ylabel("utility (%), with 95 % intervals")
    axes.set_title(title)
    axes.grid()
    _legend_below(figure)
    return figure


def _zoom(axis: Any, intervals: Sequence[tuple[float, float]]) -> None:
    """Show where the points are, and no tick that is no share."""
    low = _PERCENT * min(low for low, _ in intervals)
    high = _PERCENT * max(high for _, high in intervals)
    lack = max(0.0, _LEAST - (high - low)) / 2
    # What does not fit at one end of the scale is shown at the other.
    low, high = low - lack - max(0.0, high + lack - _PERCENT), high + lack - min(0.0, low - lack)
    low, high = max(low, 0.0), min(high, float(_PERCENT))
    axis.set_view_interval(low - _MARGIN, high + _MARGIN, ignore=True)
    axis.set_ticks([tick for tick in axis.get_major_locator()() if 0 <= tick <= _PERCENT])
    axis.set_view_interval(low - _MARGIN, high + _MARGIN, ignore=True)


def _around(value: float, low: float, high: float) -> list[list[float]]:
    return [[_PERCENT * max(0.0, value - low)], [_PERCENT * max(0.0, high - value)]]


def _errors(points: Sequence[Point]) -> list[list[float]]:
    below = [_PERCENT * max(0.0, point.value - point.low) for point in points]
    above = [_PERCENT * max(0.0, point.high - point.value) for point in points]
    return [below, above]


def _series(points: Sequence[Point]) -> Mapping[str, list[Point]]:
    names = dict.fromkeys(point.series for point in points)
    return {name: [point for point in points if point.series == name] for name in names}


def _categories(points: Sequence[Point]) -> dict[str, int]:
    """Each category with its place; one that a series lacks has a place all the same."""
    return {name: place for place, name in enumerate(dict.fromkeys(str(p.at) for p in points))}


def _spoken(category: str) -> str:
    return category.replace("_", " ")


def _labelled(name: str, points: Sequence[Point]) -> str:
    """A series with the number of answers behind each of its points."""
    counts = sorted({point.n for point in points})
    many = "" if len(counts) == 1 else f" to {counts[-1]}"
    return f"{name} (n = {counts[0]}{many})"


def _legend_below(figure: Any, *, columns: int = 1) -> None:
    figure.legend(loc="outside lower center", ncols=columns, frameon=False)
