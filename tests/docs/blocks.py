"""The blocks of the pages in docs/, and what a page says about running them."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
RUN = ("python", "bash", "console")
SESSIONS = ("plugin-tutorial.md",)
"""Pages that are typed whole by tests/test_docs.py, because their blocks write files."""
_BLOCK = re.compile(
    r"(?:^<!-- (?P<how>not run|slow): (?P<why>.+?) -->\n)?"
    r"^```(?P<language>\w+)\n(?P<body>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block that a reader may run."""

    page: str
    line: int
    language: str
    how: str
    """Empty, "slow" or "not run"."""
    why: str
    body: str

    @property
    def program(self):
        """What is run: of console blocks the lines with a prompt."""
        if self.language != "console":
            return self.body
        lines = [line[2:] for line in self.body.splitlines() if line.startswith("$ ")]
        return "\n".join(lines)


def blocks():
    """Every block of every page, in order."""
    for page in sorted(DOCS.rglob("*.md")):
        if page.name in SESSIONS:
            continue
        text = page.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            if found["language"] in RUN:
                yield Block(
                    page=page.relative_to(DOCS).as_posix(),
                    line=text[: found.start("body")].count("\n"),
                    language=found["language"],
                    how=found["how"] or "",
                    why=found["why"] or "",
                    body=found["body"],
                )


def of_pages(*languages, hows):
    """Blocks to run, by page."""
    by_page = {}
    for one in blocks():
        if one.language in languages and one.how in hows:
            by_page.setdefault(one.page, []).append(one)
    return by_page
