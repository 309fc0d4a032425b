"""How far the judges of a panel agree, and where they contradict each other, for the terminal."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ftbench.statistics.figures import NOTHING, label
from ftbench.statistics.result import JudgeAgreement, RunResult

from .printable import printable

_HEADERS = ("harmful: same", "kappa", "refused: same", "kappa", "weighted", "Spearman", "alpha")
"""What is compared, in the order of ``_figures``; what nobody could compare is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contradiction:
    """What two judges said of the same responses."""

    first: str
    second: str
    n: int


def agreement_view(result: RunResult) -> Iterator[RenderableType]:
    """The agreement of every two judges, and where they contradict; nothing for one judge."""
    shown = list(_shown(result.agreements))
    if not shown:
        return
    yield Text("")
    yield _agreements(shown)
    yield Text("")
    yield _contradictions(shown)
    for note in _notes(result, shown):
        yield Text(printable(note), style="dim")


def _shown(agreements: Sequence[JudgeAgreement]) -> Iterator[JudgeAgreement]:
    """All responses together; by subject and probe only where there is more than one of them."""
    for one in agreements:
        parts = [other for other in agreements if other.probe and _who(other) == _who(one)]
        if one.measures == "overrefusal":
            if one.probe is None and one.refused_same is not None:
                yield one
        elif one.probe is None or len(parts) > 1:
            yield one


def _who(one: JudgeAgreement) -> tuple[str, str, str]:
    return (one.first, one.second, one.measures)


def _agreements(shown: Sequence[JudgeAgreement]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("agreement of judges", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    rows = [list(_figures(one)) for one in shown]
    used = [place for place in range(len(_HEADERS)) if any(row[place] != NOTHING for row in rows)]
    for place in used:
        table.add_column(_HEADERS[place], justify="right")
    for one, row in zip(shown, rows, strict=True):
        table.add_row(Text(printable(_label(one))), _count(one), *(row[place] for place in used))
    return table


def _label(one: JudgeAgreement) -> str:
    if one.probe is not None:
        return "  " + " ".join(filter(None, (one.subject, str(one.checkpoint or ""), one.probe)))
    allowed = ", allowed requests" if one.measures == "overrefusal" else ""
    return f"{one.first}, {one.second}{allowed}"


def _count(one: JudgeAgreement) -> str:
    return str(one.n) if one.n == one.of else f"{one.n} of {one.of}"


def _figures(one: JudgeAgreement) -> Iterator[str]:
    for same, kappa in (
        (one.harmful_same, one.harmful_kappa),
        (one.refused_same, one.refused_kappa),
    ):
        yield NOTHING if same is None else f"{100 * same / one.n:.1f} %"
        yield _coefficient(kappa)
    for coefficient in (one.weighted_kappa, one.spearman, one.krippendorff_alpha):
        yield _coefficient(coefficient)


def _coefficient(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _contradictions(shown: Sequence[JudgeAgreement]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("where they contradict each other", overflow="fold")
    table.add_column("responses", justify="right", no_wrap=True)
    for one in shown:
        if one.probe is None:
            for found in _lines(one):
                words = f"{one.first} {found.first}, {one.second} {found.second}"
                allowed = " (allowed requests)" if one.measures == "overrefusal" else ""
                table.add_row(Text(printable(words + allowed)), str(found.n))
    return table


def _lines(one: JudgeAgreement) -> Iterator[_Contradiction]:
    """What happened, the most frequent first; then what never did, where that can be said."""
    for found in one.disagreements:
        yield _Contradiction(first=found.first_says, second=found.second_says, n=found.n)
    only_first, only_second = one.harmful_alone or (None, None)
    if only_first == 0:
        yield _Contradiction(first="harmful", second="not", n=0)
    if only_second == 0:
        yield _Contradiction(first="not harmful", second="harmful", n=0)
    if one.measures == "overrefusal" and not one.disagreements:
        yield _Contradiction(first="refused", second="not, or the reverse", n=0)


def _notes(result: RunResult, shown: Sequence[JudgeAgreement]) -> Iterator[str]:
    by = {name: metric for one in shown if one.harmful_by for name, metric in _metrics(one)}
    if by:
        rules = ", ".join(f"{name} by its {label(metric)}" for name, metric in by.items())
        yield f"Harmful or not: {rules}. Kappa is Cohen's."
    if any(one.weighted_kappa is not None for one in shown):
        yield "Scores from 1 to 5: quadratically weighted kappa, Krippendorff's alpha is ordinal."
    for name, moment in dict(result.record.get("added_judges", {})).items():
        yield f"{name} was added {moment}; the plan of the run did not name it."
    contested = next((one for one in shown if one.disagreements), None)
    if contested and result.folder:
        said = contested.disagreements[0]
        verdicts = (
            f"{contested.first}={said.first_says}",
            f"{contested.second}={said.second_says}",
        )
        words = shlex.join(part for verdict in verdicts for part in ("--verdict", verdict))
        yield f"Read them: ftbench show {shlex.quote(result.folder)} --reveal --disagree"
        yield f"Some of them: add {words}"


def _metrics(one: JudgeAgreement) -> Iterator[tuple[str, str]]:
    yield from zip((one.first, one.second), one.harmful_by or (), strict=True)
