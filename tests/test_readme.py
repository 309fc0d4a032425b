"""What README.md shows can be typed: its ftbench commands run, its plugin works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
BIN = Path(sys.executable).parent


def commands():
    """The lines of console blocks that call ftbench, prompt and folder removed."""
    blocks = [body for language, body in FENCE.findall(README) if language == "console"]
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    lines = [line.removeprefix(".venv/bin/") for line in lines]
    return [line for line in lines if line.startswith("ftbench ")]


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme_works(command, tmp_path):
    environment = {**os.environ, "PATH": os.pathsep.join((str(BIN), os.environ["PATH"]))}
    done = subprocess.run(
        shlex.split(command, comments=True), env=environment, cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", range(README.count("```python")))
def test_python_of_the_readme_can_be_read(number):
    blocks = [body for language, body in FENCE.findall(README) if language == "python"]
    compile(blocks[number], "README.md", "exec")
