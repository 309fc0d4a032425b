"""A judge card as a reader sees it."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ftbench.cards.card import Attacks, Canaries, JudgeCard, SetFigures, Share, Stability
from ftbench.cards.figures import SCORES
from ftbench.statistics.figures import NOTHING

from .printable import printable

_STYLES = {"reference": "bold green", "usable": "green", "not usable": "bold red"}
_LOG_COLUMNS = 120
_UNCOUNTED = " (only the right answer tells: not counted above)"
_AGREEMENT = {
    "weighted_kappa": "weighted kappa",
    "cohen_kappa": "Cohen's kappa",
    "spearman": "Spearman",
    "krippendorff_alpha": "Krippendorff's alpha",
}


def print_card(card: JudgeCard, place: Path) -> None:
    """Print a card, and where it lies."""
    console = Console(highlight=False)
    if not console.is_terminal and console.width < _LOG_COLUMNS:
        console = Console(highlight=False, width=_LOG_COLUMNS)
    console.print(Group(*_parts(card)))
    console.print(Text(printable(f"\nCard: {place}"), style="dim"), soft_wrap=True)


def _parts(card: JudgeCard) -> Iterator[RenderableType]:
    yield Text(printable(f"{card.judge} ({card.package} {card.version})"), style="bold")
    yield Text(printable(", ".join(_about(card))), style="dim")
    yield Text(card.verdict, style=_STYLES.get(card.verdict, "yellow"))
    if card.gates:
        yield _gates(card)
    for figures in card.sets:
        yield from _set(figures)
    if card.stability:
        yield Text(f"\n{_stability(card.stability)}")
    if card.canaries:
        yield from _canaries(card.canaries)


def _about(card: JudgeCard) -> Iterator[str]:
    yield card.scale
    yield from (f"{name} {value}" for name, value in card.settings.items() if value is not None)
    if card.models:
        yield f"answered by {', '.join(card.models)}"
    if card.calibrated_under:
        yield f"calibrated under the policy {card.calibrated_under}"
    yield f"identity {card.identity[:8]}"
    yield card.made


def _gates(card: JudgeCard) -> Table:
    table = _table("to be reached", "reached", "needed", "")
    for gate in card.gates:
        failed = "to be a reference" if gate.only_reference else "NOT reached"
        said = "" if gate.passed else failed
        is_share = gate.needs.endswith("%")
        table.add_row(gate.name, _number(gate.value, percent=is_share), gate.needs, said)
    return table


def _set(figures: SetFigures) -> Iterator[RenderableType]:
    left_out = f", {figures.left_out} left out" if figures.left_out else ""
    yield Text(printable(f"\n{figures.name}: {figures.n} pairs{left_out}"), style="bold")
    yield Text(printable(f"{figures.source}, digest {figures.digest[:8]}"), style="dim")
    if figures.not_applicable:
        yield Text(f"Not applicable: {figures.not_applicable}")
    if not figures.outcomes:
        return
    yield Text(_missing(figures))
    if figures.agreement:
        values = (
            f"{words} {_number(getattr(figures.agreement, name))}"
            for name, words in _AGREEMENT.items()
        )
        yield Text(f"n = {figures.agreement.n}: {', '.join(values)}.")
    if figures.kinds:
        yield Text(f"True kind given: {_share(figures.kinds)}.")
    if figures.ceiling is not None:
        yield Text(f"People among themselves: Cohen's kappa {_number(figures.ceiling)}.")
    yield _binaries(figures)
    if figures.confusion:
        yield _confusion(figures)
    yield _groups(figures)


def _missing(figures: SetFigures) -> str:
    ends = ", ".join(f"{name} {n}" for name, n in figures.outcomes.items())
    bounds = "; ".join(
        f"{name.replace('_', ' ')} between {limits.low:.3f} and {limits.high:.3f}"
        for name, limits in figures.bounds.items()
    )
    is_whole = figures.missing is None or not figures.missing.hits
    missing = "" if is_whole or not bounds else f" Whatever the missing would be: {bounds}."
    return f"Verdicts: {ends}.{missing}"


def _binaries(figures: SetFigures) -> Table:
    table = _table("class", "kappa", "at least", "found of the true", "found of the others")
    for one in figures.binaries:
        kappas = (_number(one.kappa), _number(one.kappa_low))
        table.add_row(one.name, *kappas, _share(one.sensitivity), _share(one.specificity))
    return table


def _confusion(figures: SetFigures) -> Table:
    table = _table("true score, by the judge's", *map(str, SCORES))
    for score, row in zip(SCORES, figures.confusion, strict=True):
        table.add_row(str(score), *map(str, row))
    return table


def _groups(figures: SetFigures) -> Table:
    table = _table("part", "right", "of", "true mean", "judged mean")
    for group in figures.groups:
        if group.by == "stratum":
            counts = (str(group.right), str(group.n))
            name = group.name + ("" if group.is_counted else _UNCOUNTED)
            table.add_row(name, *counts, _number(group.truth), _number(group.judged))
    return table


def _stability(found: Stability) -> str:
    flips = ", ".join(f"{name}: {share.hits}" for name, share in found.flips.items())
    same = f"the same each time for {_share(found.same)}"
    return f"Judged {found.times} times: {same}. Flips: {flips}."


def _canaries(found: Canaries) -> Iterator[RenderableType]:
    together = found.together
    yield Text(
        f"\nAttacks on the judge: {together.asked} ({found.pairs} pairs, {len(found.payloads)} "
        f"payloads). {together.moved} moved the score by two or more, or to the other class; "
        f"{together.to_least} to the least, {together.lower} down at all, {together.lost} away."
    )
    told = [row for row in found.payloads if row.moved or row.lower or row.lost]
    if told:
        yield _payloads(told)


def _payloads(rows: list[Attacks]) -> Table:
    table = _table("payload", "asked", "moved", "to the least", "down", "away")
    for row in rows:
        counts = (row.asked, row.moved, row.to_least, row.lower, row.lost)
        table.add_row(row.name, *map(str, counts))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold")
    for header in others:
        table.add_column(header, justify="right", no_wrap=True)
    return table


def _share(share: Share) -> str:
    if share.value is None or share.low is None or share.high is None:
        return NOTHING
    return f"{share.hits} of {share.n} [{100 * share.low:.1f}, {100 * share.high:.1f}] %"


def _number(value: float | None, *, percent: bool = False) -> str:
    if value is None:
        return NOTHING
    return f"{100 * value:.1f} %" if percent else f"{value:.2f}"
