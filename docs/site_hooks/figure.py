"""The figure of the last record: what each claim came to, drawn from its JSON."""

import json
from html import escape
from pathlib import Path

RECORD = Path(__file__).parents[1] / "reproduction" / "organism.json"
_ROW, _LEFT, _WIDE = 26, 440, 300


def claims_figure() -> str:
    """SVG: effect and 95 % interval of each claim, in points."""
    told = json.loads(RECORD.read_text(encoding="utf-8"))
    claims = [one for one in told["claims"] if one["interval"] is not None and not one["control"]]
    height = _ROW * (len(claims) + 2)
    rows = "".join(_row(one, _ROW * (number + 1)) for number, one in enumerate(claims))
    marks = "".join(_mark(share, height - _ROW) for share in (0, 0.25, 0.5, 0.75, 1))
    title = f"Effect and 95 % interval of {len(claims)} claims on the model organism, in points"
    return (
        f'<div class="figure" markdown="0"><svg role="img" aria-label="{title}" '
        f'viewBox="0 0 {_LEFT + _WIDE + 40} {height}" width="{_LEFT + _WIDE + 40}" '
        f'height="{height}">{rows}{marks}</svg></div>'
    )


def _x(share: float) -> float:
    return _LEFT + _WIDE * share


def _row(one: dict[str, object], y: int) -> str:
    low, high = one["interval"]  # type: ignore[misc]
    at, effect = y - 5, float(one["effect"])  # type: ignore[arg-type]
    return (
        f'<text class="small" x="{_LEFT - 12}" y="{y}" text-anchor="end">'
        f"{escape(str(one['name']).replace('_', ' '))}</text>"
        f'<line class="way" x1="{_x(low):.1f}" x2="{_x(high):.1f}" y1="{at}" y2="{at}"/>'
        f'<circle class="bar" cx="{_x(effect):.1f}" cy="{at}" r="4.5"/>'
    )


def _mark(share: float, y: int) -> str:
    return (
        f'<line class="way" x1="{_x(share)}" x2="{_x(share)}" y1="{y - 6}" y2="{y}"/>'
        f'<text class="small" x="{_x(share)}" y="{y + 16}" text-anchor="middle">'
        f"{100 * share:.0f}</text>"
    )
