"""Row 7: what is public holds no prompt, no response and no rationale."""

from pathlib import Path

from .report import Row, Scale
from .suites import row_of_tests


def row(place: Path, scale: Scale) -> Row:
    """The sweep for windows of harmful text outside of private folders."""
    return row_of_tests(7, "no harmful text outside private/", "tests/test_leaks.py")
