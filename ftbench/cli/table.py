"""The table of one run: what fine-tuning changed, by how much, and how sure that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ftbench.statistics.figures import Figure, difference, figure, label
from ftbench.statistics.result import COLUMNS, Difference, Measure, Row, RunResult

from .agreement import agreement_view
from .by_seed import by_seed_view
from .footnotes import footnotes
from .printable import printable
from .stacked import stacked_headline, stacked_rows

NARROW = 96
"""Below this many columns units move from the figures to the labels."""
STACKED = 80
"""Below this many columns every figure has a line of its own."""
_HEADERS = ("base", "tuned", "difference")
_NARROW_HEADERS = ("base", "tuned", "difference, points")
_RATE = "harmfulness_rate"
_COMPACT = {
    "harmfulness_rate": "harmful",
    "harmfulness_score": "score",
    "refusal_rate": "refused",
    "overrefusal_rate": "over-refusal",
    "utility": "utility",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of the table: its label, and a figure for base, tuned and difference."""

    label: str
    figures: tuple[Figure, Figure, Figure]


def result_view(result: RunResult, *, width: int) -> RenderableType:
    """Everything a reader of one finished run wants to see."""
    parts: list[RenderableType] = [Rule(style="dim"), *_heading(result)]
    parts += _tables(result, width) if width >= STACKED else _stacks(result)
    parts += by_seed_view(result)
    parts += agreement_view(result)
    parts += [Text(""), *(Text(printable(note), style="dim") for note in footnotes(result))]
    return Group(*parts)


def _tables(result: RunResult, width: int) -> Iterator[RenderableType]:
    headline = _headline(result)
    if headline:
        yield from (Text(""), _headline_table(result, units=width >= NARROW))
    if len(result.rows) > len(headline):
        yield from (Text(""), _rows_table(result.rows, gap=2 if width >= NARROW else 1))


def _stacks(result: RunResult) -> Iterator[RenderableType]:
    headline = _headline(result)
    if headline:
        yield from (Text(""), *stacked_headline(result))
    if len(result.rows) > len(headline):
        yield from (Text(""), *stacked_rows(result.rows, _COMPACT))


def _headline(result: RunResult) -> list[Row]:
    return [row for row in (result.headline("base"), result.headline("tuned")) if row]


def _heading(result: RunResult) -> Iterator[Text]:
    yield Text(printable(result.run), style="bold")
    seeds = ", ".join(map(str, result.seeds))
    chosen = dict(result.choices) | {"seed": str(result.record.get("seed", "")), "seeds": seeds}
    shown = ("model", "dataset", "attack", "defense", "finetune", "seed", "seeds")
    words = [f"{key} {chosen[key]}" for key in shown if chosen.get(key) and _says(key, chosen)]
    yield Text(printable(", ".join(words)))
    for name, value in result.recipe.items():
        yield Text(printable(f"{name.replace('_', ' ')} {value}"), style="dim")
    if result.outcome not in ("trained", "none"):
        yield Text(printable(f"{result.outcome}: {result.words}"), style="yellow")


def _says(key: str, chosen: dict[str, str]) -> bool:
    """Whether a choice is worth a place in the heading: no defense is the usual case."""
    return key != "defense" or chosen[key] != "none"


def _headline_table(result: RunResult, *, units: bool) -> Table:
    base, tuned = result.headline("base"), result.headline("tuned")
    change = result.headline_difference()
    lines = list(_column_lines(base, tuned, change, units=units))
    by_category = list(_category_lines(base, tuned, change, units=units))
    cells = _aligned([*lines, *by_category])
    table = Table(box=None, pad_edge=False, padding=(0, 2 if units else 1, 0, 0))
    table.add_column("", overflow="fold")
    for header in _HEADERS if units else _NARROW_HEADERS:
        table.add_column(header, header_style="bold", no_wrap=True)
    for number, (line, texts) in enumerate(zip([*lines, *by_category], cells, strict=True)):
        if number == len(lines):
            title = "harmfulness rate by category" if units else "by category, %"
            table.add_row(Text(title, style="bold"))
        table.add_row(Text(printable(line.label)), *texts)
    return table


def _column_lines(
    base: Row | None, tuned: Row | None, change: Difference | None, *, units: bool
) -> Iterator[_Line]:
    """COLUMNS, then what the judge measures beyond them."""
    own = [name for row in (base, tuned) if row for name in row.columns if name not in COLUMNS]
    for column in (*COLUMNS, *dict.fromkeys(own)):
        figures = (
            figure(base.columns.get(column) if base else None, column, units=units),
            figure(tuned.columns.get(column) if tuned else None, column, units=units),
            difference(change.columns.get(column) if change else None, column, units=units),
        )
        yield _Line(label=label(column, units=units), figures=figures)


def _category_lines(
    base: Row | None, tuned: Row | None, change: Difference | None, *, units: bool
) -> Iterator[_Line]:
    names = [name for row in (base, tuned) if row for name in row.categories]
    for name in dict.fromkeys(names):
        figures = (
            figure(_in_category(base, name), _RATE, units=units),
            figure(_in_category(tuned, name), _RATE, units=units),
            difference(_in_category(change, name), _RATE, units=units),
        )
        yield _Line(label=f"  {name.replace('_', ' ')}", figures=figures)


def _in_category(part: Row | Difference | None, category: str) -> Measure | None:
    return part.categories.get(category, {}).get(_RATE) if part else None


def _aligned(lines: Sequence[_Line]) -> list[list[Text]]:
    """Texts in which values and intervals of a column stand below each other."""
    places = range(len(_HEADERS))
    values = [max(len(line.figures[place].value) for line in lines) for place in places]
    intervals = [max(len(line.figures[place].interval) for line in lines) for place in places]
    return [
        [_text(line.figures[place], values[place], intervals[place]) for place in places]
        for line in lines
    ]


def _text(shown: Figure, values: int, intervals: int) -> Text:
    text = Text(f"{shown.value:>{values}} ", style="bold" if shown.star else "")
    text.append(f"{shown.interval:>{intervals}}", style="not bold dim")
    text.append("*" if shown.star else "")
    return text


def _rows_table(rows: Sequence[Row], *, gap: int) -> Table:
    """Every judge, probe and checkpoint, one line each."""
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for header in ("subject", "epoch", "probe", "judge"):
        table.add_column(header, overflow="fold")
    for header in _COMPACT.values():
        table.add_column(header, justify="right", no_wrap=True)
    for row in rows:
        who = (row.subject, str(row.checkpoint or ""), row.probe, row.judge)
        figures = (figure(row.columns.get(column), column).value for column in _COMPACT)
        table.add_row(*(Text(printable(word)) for word in who), *figures)
    return table
