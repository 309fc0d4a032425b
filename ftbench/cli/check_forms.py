"""The files that a check is told in: tried before it runs, written after."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.errors import StorageError, UsageError

if TYPE_CHECKING:
    from ftbench.gate.check import Checked

FORMS: Mapping[str, str] = {
    "junit": "write JUnit XML, a test for each way of asking",
    "sarif": "write SARIF, a result for each finding with its lines",
    "markdown": "write a comment for a pull request",
    "step-summary": "add to a GitHub step summary: $GITHUB_STEP_SUMMARY",
}


def refuse_unwritable(options: argparse.Namespace) -> None:
    """Raise UsageError for a file that has no folder or is one: a check may take hours."""
    for form, path in {**_wanted(options), "baseline": options.baseline}.items():
        if path is None:
            continue
        if path.is_dir():
            raise UsageError(f"--{form} names a file, and {path} is a folder.")
        if not path.parent.is_dir():
            raise UsageError(
                f"There is no folder {path.parent} for --{form} {path}. Make it first."
            )


def write_forms(options: argparse.Namespace, checked: "Checked", trend: Sequence[str]) -> None:
    """Write every file that was asked for. Raises StorageError."""
    from ftbench.gate.junit import junit  # noqa: PLC0415, slow to import
    from ftbench.gate.markdown import markdown  # noqa: PLC0415
    from ftbench.gate.sarif import sarif  # noqa: PLC0415

    for form, path in _wanted(options).items():
        if form == "junit":
            text = junit(checked)
        elif form == "sarif":
            text = sarif(checked)
        else:
            text = markdown(checked, trend=trend)
        _write(path, text, mode="a" if form == "step-summary" else "w")


def _wanted(options: argparse.Namespace) -> dict[str, Path]:
    paths = {form: getattr(options, form.replace("-", "_")) for form in FORMS}
    return {form: path for form, path in paths.items() if path is not None}


def _write(path: Path, text: str, *, mode: str) -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
