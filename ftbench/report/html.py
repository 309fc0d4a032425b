"""Pages -> one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .page import Page


def as_html(pages: Sequence[Page]) -> str:
    """The report: every word of others is escaped; our own drawings are taken as they are."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415, slow
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    drawn: list[Any] = [
        replace(
            page,
            category_plot=Markup(page.category_plot),  # noqa: S704, our own drawing, escaped
            epoch_plot=Markup(page.epoch_plot),  # noqa: S704
        )
        for page in pages
    ]
    template = environment.get_template("page.html.jinja")
    return template.render(pages=drawn, version=version("ftbench")) + "\n"
