"""A report as PDF, printed by a browser of this machine: paper shows what the screen shows."""

import os
import subprocess
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from ftbench.errors import StorageError, UsageError

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_PATIENCE_SECONDS = 120


def as_pdf(html: str) -> bytes:
    """The pages of a report. Raises UsageError where no browser is, StorageError where it fails."""
    browser = next(filter(None, map(which, BROWSERS)), None)
    if browser is None:
        raise UsageError(
            "A PDF is printed by a browser, and here is neither Chromium nor Chrome nor Edge. "
            "Install one, or write an .html and print that from yours."
        )
    with TemporaryDirectory(prefix="ftbench-report-") as name:
        page, printed = Path(name) / "report.html", Path(name) / "report.pdf"
        page.write_text(html, encoding="utf-8")
        said = _print(browser, page, printed)
        if not printed.is_file():
            raise StorageError(f"{browser} printed no PDF: {said}")
        return printed.read_bytes()


def _print(browser: str, page: Path, printed: Path) -> str:
    """Have the browser print; returns the last that it said."""
    # As root, in a container, it has no sandbox; the page is ours, and has no script.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    options = [
        "--headless",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--user-data-dir={page.parent / 'profile'}",
        *(["--no-sandbox"] if is_root else []),
    ]
    command = [browser, *options, f"--print-to-pdf={printed}", page.as_uri()]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
