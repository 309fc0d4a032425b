"""``ftbench report runs/NAME``: finished runs as one file to mail, without any response."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable

FORMS = (".html", ".md", ".pdf")


def report(words: Sequence[str], catalog: Catalog) -> int:
    """Write finished runs as one HTML file that needs nothing else, as Markdown or as PDF."""
    parser = argparse.ArgumentParser(prog="ftbench report", description=report.__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="finished runs, or folders of runs")
    parser.add_argument("--out", type=Path, default=Path("report.html"), help=".html, .md or .pdf")
    options = parser.parse_args(words)
    form = options.out.suffix.lower()
    if form not in FORMS:
        raise UsageError(f"--out {options.out} is no report: end it in {', '.join(FORMS)}.")
    from ftbench.archive.reading import read_result  # noqa: PLC0415, slow to import
    from ftbench.report.html import as_html  # noqa: PLC0415, slow to import
    from ftbench.report.markdown import as_markdown  # noqa: PLC0415
    from ftbench.report.page import page_of  # noqa: PLC0415
    from ftbench.report.pdf import as_pdf  # noqa: PLC0415
    from ftbench.stages.save import write_atomically  # noqa: PLC0415

    from .footnotes import notes  # noqa: PLC0415
    from .plot import finished_in  # noqa: PLC0415

    folders = dict.fromkeys(folder for place in options.runs for folder in finished_in(place))
    results = [read_result(folder) for folder in folders]
    nowhere = [replace(result, folder="") for result in results]  # no path of this machine
    pages = [page_of(result, notes=[*notes(result)]) for result in nowhere]
    text = as_markdown(pages) if form == ".md" else as_html(pages)
    write_atomically(options.out, as_pdf(text) if form == ".pdf" else text)
    print(printable(f"{len(pages)} run{'s' if len(pages) > 1 else ''} in {options.out}"))
    return 0
