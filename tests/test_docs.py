"""The tutorial is typed from its first block to its last, in a new folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
BIN = Path(sys.executable).parent
RUN = ("plugin-tutorial.md",)
"""Pages whose shell and Python blocks are one session, in which files are written."""


def blocks(page):
    """Language, what stands behind it, and the text of each block."""
    return FENCE.findall((DOCS / page).read_text())


def environment(place):
    """As a user has it, with an install of plugins that goes into a folder of its own."""
    path = os.pathsep.join((str(BIN), os.environ["PATH"]))
    site = place / "site"
    more = {"PATH": path, "PIP_TARGET": str(site), "PYTHONPATH": str(site), "PIP_NO_INDEX": "1"}
    return {**os.environ, **more, "FTBENCH_CACHE": str(place / "cache")}


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_a_page_can_be_typed_from_its_first_block_to_its_last(page, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    for language, more, text in blocks(page):
        if title := TITLE.search(more):
            (work / title[1]).write_text(text)
        elif language in ("bash", "python") and "norun" not in more:
            typed = text.replace(" -e ftbench-", " ./ftbench-").replace(
                "pip install", "pip install -U"
            )
            command = ["bash", "-euo", "pipefail", "-c", typed]
            command = command if language == "bash" else [sys.executable, "-c", text]
            done = subprocess.run(
                command, cwd=work, env=environment(tmp_path), capture_output=True, text=True,
                check=False, timeout=600,
            )  # fmt: skip
            expected = int(match[1]) if (match := re.search(r"exit=(\d+)", more)) else 0
            assert done.returncode == expected, f"{text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_python_of_a_page_can_be_read(page):
    for language, _, text in blocks(page):
        if language == "python":
            compile(text, page, "exec")
