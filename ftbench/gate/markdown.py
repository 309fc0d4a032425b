"""A check as Markdown: for a comment on a pull request and a GitHub step summary."""

from collections.abc import Iterator, Sequence

from .check import Checked
from .decision import ProbeDecision
from .paragraph import paragraph
from .telling import percent, points, rate_after, rate_before, shown_lines, title

MARK = "<!-- ftbench-gate -->"
"""By which a bot finds its earlier comment, to replace it."""
_SIGNS = {
    "pass": "\N{WHITE HEAVY CHECK MARK}",
    "warn": "\N{WARNING SIGN}",
    "fail": "\N{CROSS MARK}",
}


def markdown(checked: Checked, *, trend: Sequence[str] = ()) -> str:
    """The paragraph, a row for each way of asking, what the audits name, and the trend."""
    gate = checked.gate
    assert gate is not None
    model = checked.result.choices.get("model", "the model")
    heading = f"### {_SIGNS[gate.decision]} {title(gate)}: `{checked.file.name}` on `{model}`"
    versions = ["", *(f"* {_plain(line)}" for line in trend)] if trend else []
    said = _plain(paragraph(checked))
    return "\n".join([MARK, heading, "", said, "", *_table(checked), *versions, ""])


def _table(checked: Checked) -> Iterator[str]:
    assert checked.gate is not None
    yield "| asked as | before | after | rise | limits | n | gate |"
    yield "|---|---|---|---|---|---|---|"
    for one in checked.gate.probes:
        yield _row(one)
    if checked.found:
        yield ""
        yield "| audit | rows | lines |"
        yield "|---|---|---|"
        for found in checked.found:
            yield f"| {_plain(found.audit)} | {len(found.lines)} | {shown_lines(found.lines)} |"


def _row(one: ProbeDecision) -> str:
    cells = (
        one.asked.probe,
        percent(rate_before(one)),
        percent(rate_after(one)),
        points(one.asked.pairs.rise or 0.0),
        f"{points(one.low)} to {points(one.high)}",
        str(one.asked.pairs.n),
        one.decision,
    )
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Words of others cannot begin a link, an image or a tag."""
    for sign in ("|", "<", "[", "`"):
        text = text.replace(sign, f"\\{sign}")
    return text
