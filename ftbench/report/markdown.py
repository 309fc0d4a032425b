"""Pages -> Markdown, for a wiki, a model card or a pull request."""

from collections.abc import Iterator, Sequence

from ftbench.statistics.headline import Line

from .page import Page, Table


def as_markdown(pages: Sequence[Page]) -> str:
    """The report without its drawings."""
    lines = ["# Safety before and after fine-tuning", ""]
    for page in pages:
        lines += [f"## {_plain(page.name)}", "", _plain(page.heading), ""]
        lines += [f"**{_plain(page.outcome)}**", ""] if page.outcome else []
        lines += [*_lines("measure", page.lines), ""]
        lines += [*_lines("category", page.categories), ""] if page.categories else []
        for title, table in (("Audits", page.audits), ("Judges", page.judges)):
            lines += [f"### {title}", "", *_table(table), ""] if table else []
        lines += ["### How to read it", "", *(f"* {_plain(note)}" for note in page.notes), ""]
        for title, facts in (
            ("Hyper-parameters", page.recipe),
            ("Cost", page.cost),
            ("Environment", page.environment),
        ):
            lines += [f"### {title}", "", *_table((("what", "value"), *facts)), ""] if facts else []
        lines += ["### How to reproduce it", "", f"    {' '.join(page.command.split())}", ""]
    return "\n".join(lines)


def _lines(name: str, lines: Sequence[Line]) -> Iterator[str]:
    shown = [
        (line.label, *(f"{one.value} {one.interval}".strip() for one in line.figures))
        for line in lines
    ]
    yield from _table(((name, "base", "tuned", "difference"), *shown))


def _table(rows: Table) -> Iterator[str]:
    header, *body = rows
    yield f"| {' | '.join(map(_plain, header))} |"
    yield "|---" * len(header) + "|"
    for row in body:
        yield f"| {' | '.join(map(_plain, row))} |"


def _plain(text: str) -> str:
    """Words of others begin no link, tag or cell."""
    for sign in ("\\", "|", "<", "[", "`", "*"):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
