"""Points -> pictures, by matplotlib; imported only where something is drawn."""

from collections.abc import Sequence
from typing import Any

from ftbench.errors import UsageError

from .points import Point, Trade

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by colour-blind eyes too (Okabe and Ito 2008)."""
_MARKS = ("o", "s", "^", "D", "v", "P")
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "svg.hashsalt": "ftbench",
    "svg.fonttype": "path",
    "figure.facecolor": "white",
}
_PERCENT = 100


def plotting() -> Any:
    """matplotlib's pyplot without a screen. Raises UsageError where it is not installed."""
    try:
        import matplotlib as mpl  # noqa: PLC0415, slow to import
    except ImportError as missing:
        raise UsageError(
            f"Plots need matplotlib ({missing.name} is missing). Install it: "
            "pip install 'ftbench[plots]'"
        ) from missing
    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    pyplot.rcdefaults()
    mpl.rcParams.update(_STYLE)
    return pyplot


def bars(points: Sequence[Point], title: str) -> Any:
    """Two bars for each category, before and after, with their intervals."""
    pyplot = plotting()
    categories = list(dict.fromkeys(str(point.at) for point in points))
    figure, axes = pyplot.subplots(figsize=(7.5, 0.5 + 0.42 * len(categories)), layout="tight")
    for number, series in enumerate(dict.fromkeys(point.series for point in points)):
        own = {str(point.at): point for point in points if point.series == series}
        places = [place - 0.2 + 0.4 * number for place in range(len(categories))]
        values = [_PERCENT * own[name].value for name in categories]
        axes.barh(
            [-place for place in places],
            values,
            height=0.36,
            color=_COLOURS[number],
            label=series,
            xerr=_errors([own[name] for name in categories]),
            error_kw={"elinewidth": 0.8, "capsize": 2, "ecolor": "#333333"},
        )
    axes.set_yticks([-place for place in range(len(categories))], categories)
    _finish(axes, title, points, xlabel="harmfulness rate (%)")
    axes.set_xlim(0, _PERCENT)
    axes.grid(axis="x")
    return figure


def radar(points: Sequence[Point], title: str) -> Any:
    """The same as a closed line around a circle."""
    from math import pi  # noqa: PLC0415

    pyplot = plotting()
    categories = list(dict.fromkeys(str(point.at) for point in points))
    angles = [2 * pi * place / len(categories) for place in range(len(categories))]
    figure, axes = pyplot.subplots(
        figsize=(6, 6.2), subplot_kw={"projection": "polar"}, layout="tight"
    )
    for number, series in enumerate(dict.fromkeys(point.series for point in points)):
        own = {str(point.at): point for point in points if point.series == series}
        values = [_PERCENT * own[name].value for name in categories]
        axes.plot([*angles, 0], [*values, values[0]], color=_COLOURS[number], label=series)
        axes.fill([*angles, 0], [*values, values[0]], color=_COLOURS[number], alpha=0.12)
    axes.set_theta_offset(pi / 2)
    axes.set_theta_direction(-1)
    axes.set_xticks(angles, categories)
    axes.set_ylim(0, _PERCENT)
    axes.tick_params(axis="x", pad=16)
    axes.set_rlabel_position(180 / len(categories))
    axes.set_title(f"{title}\nharmfulness rate (%), {_counted(points)}")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.15, -0.12), frameon=False)
    return figure


def curves(points: Sequence[Point], title: str, *, axis: str) -> Any:
    """A line with intervals for each series."""
    pyplot = plotting()
    figure, axes = pyplot.subplots(figsize=(5.5, 3.8), layout="tight")
    for number, series in enumerate(dict.fromkeys(point.series for point in points)):
        own = [point for point in points if point.series == series]
        axes.errorbar(
            [float(point.at) for point in own],
            [_PERCENT * point.value for point in own],
            yerr=_errors(own),
            color=_COLOURS[number % len(_COLOURS)],
            marker=_MARKS[number % len(_MARKS)],
            capsize=3,
            linewidth=1.2,
            label=series,
        )
    _finish(axes, title, points, xlabel=axis)
    axes.set_ylabel("harmfulness rate (%)")
    axes.set_ylim(-2, _PERCENT + 2)
    axes.grid()
    return figure


def pareto(found: Sequence[Trade], title: str) -> Any:
    """Utility over harm: the upper left is where one wants to be; the best are joined."""
    pyplot = plotting()
    figure, axes = pyplot.subplots(figsize=(6, 4.5), layout="tight")
    best = sorted((one for one in found if one.is_best), key=lambda one: one.harm)
    axes.plot(
        [_PERCENT * one.harm for one in best],
        [_PERCENT * one.utility for one in best],
        color="#888888",
        linestyle="--",
        linewidth=1,
        zorder=1,
        label="nobody is safer and as able",
    )
    for number, one in enumerate(found):
        axes.scatter(
            _PERCENT * one.harm,
            _PERCENT * one.utility,
            color=_COLOURS[number % len(_COLOURS)],
            marker=_MARKS[number // len(_COLOURS) % len(_MARKS)],
            zorder=2,
            label=one.name,
        )
    axes.set_xlabel("harmfulness rate (%)")
    axes.set_ylabel("utility (%)")
    axes.set_xlim(-3, _PERCENT + 3)
    axes.set_ylim(-3, _PERCENT + 3)
    axes.set_title(title)
    axes.grid()
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    return figure


def _errors(points: Sequence[Point]) -> list[list[float]]:
    below = [_PERCENT * max(0.0, point.value - point.low) for point in points]
    above = [_PERCENT * max(0.0, point.high - point.value) for point in points]
    return [below, above]


def _finish(axes: Any, title: str, points: Sequence[Point], *, xlabel: str) -> None:
    axes.set_xlabel(f"{xlabel}; {_counted(points)}, 95 % intervals")
    axes.set_title(title)
    if len({point.series for point in points}) > 1:
        axes.legend(frameon=False, loc="best")


def _counted(points: Sequence[Point]) -> str:
    counts = sorted({point.n for point in points})
    return f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"
