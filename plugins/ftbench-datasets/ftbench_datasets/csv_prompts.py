"""Reads the prompts of a CSV file, with or without a header, and counts them."""

import csv
from collections.abc import Sequence
from pathlib import Path

from ftbench.errors import DataError


def read_csv(path: Path) -> list[list[str]]:
    """The rows of a CSV file, dequoted; empty lines are skipped. Raises DataError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8.") from None
    except (OSError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV: {error}.") from None


def check_count(path: Path, prompts: Sequence[str], expected: int) -> None:
    """Raise DataError unless a file brought exactly so many prompts."""
    if prompts and prompts[0] == "Entry not found":
        raise DataError(f"{path} is no list of prompts but the hub's answer 'Entry not found'.")
    if len(prompts) != expected:
        raise DataError(
            f"{path} has {len(prompts)} prompts, not {expected}: is it whole, and in its own "
            "layout (HEx-PHI has no header line)?"
        )
