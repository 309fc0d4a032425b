"""Where the submissions of a board are: the folder itself, or the folders in it."""

from pathlib import Path

from ftbench.errors import UsageError

from .reading import is_submission
from .rules import ENTRIES


def submissions_in(place: Path) -> list[Path]:
    """The submissions that are meant, by name. Raises UsageError where there is none.

    A folder in a board's ``entries`` counts even where it holds nothing that can be read, so that
    a broken submission is told of and not passed over.
    """
    if not place.is_dir():
        raise UsageError(f"There is no folder {place}. Name a submission, or a board of them.")
    if is_submission(place):
        return [place]
    inside = place / ENTRIES
    if inside.is_dir() and not inside.is_symlink():
        found = [path for path in inside.iterdir() if not path.name.startswith(".")]
    else:
        found = [path for path in place.iterdir() if path.is_symlink() or _holds_one(path)]
    if not found:
        raise UsageError(
            f"{place} holds no submission. `ftbench submit RUN... --out {place}/NAME` makes one."
        )
    return sorted(found, key=lambda path: path.name)


def _holds_one(path: Path) -> bool:
    return path.is_dir() and is_submission(path)


def home_of(place: Path) -> Path:
    """The board that a place belongs to: where its rules are looked for."""
    for folder in (place, place.parent, place.parent.parent):
        if (folder / "board.json").is_file():
            return folder
    return place
