"""Rows that are test files of their own: run them, and count."""

import re
import subprocess
import sys
from pathlib import Path

from .report import Row

ROOT = Path(__file__).parents[2]
COUNTS = re.compile(r"(\d+) (passed|failed|error|skipped)")


def row_of_tests(number: int, promise: str, *files: str) -> Row:
    """Run test files as one row: a test that fails is a promise that was broken."""
    found = Row(number=number, promise=promise)
    here = [name for name in files if (ROOT / name).exists()]
    if not here:
        found.skipped = f"there is no {', no '.join(files)}"
        return found
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rf", "--tb=line", *here]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    counts = {word: int(times) for times, word in COUNTS.findall(done.stdout)}
    found.planned = sum(counts.values())
    found.fired = counts.get("passed", 0) + counts.get("failed", 0) + counts.get("error", 0)
    failed = (line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR")))
    found.failures = list(failed)
    if done.returncode and not found.failures:
        found.failures = [f"pytest ended with {done.returncode}: {done.stdout[-500:]}"]
    found.said = f"{counts.get('passed', 0)} tests passed: {', '.join(here)}"
    return found
