"""Every trap on the page of engines has a test, and every test that it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "engines.md").read_text()
ROW = re.compile(r"^\| (?P<trap>.+?) \| (?P<tests>.*`test_.+?) \|$", flags=re.MULTILINE)


def defined():
    """By the name of each file of tests of the engines: what it defines."""
    files = [
        file
        for plugin in ("ftbench-hf", "ftbench-vllm")
        for file in (ROOT / "plugins" / plugin / "tests").glob("test_*.py")
    ]
    return {file.stem: re.findall(r"^def (test_\w+)", file.read_text(), re.M) for file in files}


def test_every_trap_names_tests_that_are_there():
    known, rows = defined(), list(ROW.finditer(PAGE))
    assert len(rows) == PAGE.partition("## Traps")[2].count("\n| ") - 1
    for row in rows:
        file = ""
        for name in re.findall(r"`(test_\w+)`", row["tests"]):
            file, test = (name, "") if name in known else (file, name)
            assert not test or test in known[file], f"{file}: {test} ({row['trap']})"
        assert test
