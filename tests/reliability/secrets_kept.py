"""Row 6: secrets never reach a file or a screen."""

from pathlib import Path

from .report import Row, Scale
from .suites import row_of_tests


def row(place: Path, scale: Scale) -> Row:
    """The sweep for sentinels in everything that is written."""
    promise = "no secret in anything that is written"
    return row_of_tests(6, promise, "tests/test_secrets.py", "tests/cli/test_secrets_scan.py")
