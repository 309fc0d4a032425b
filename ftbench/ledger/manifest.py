"""What files a folder had when it was finished: names, sizes and SHA-256, written last."""

import hashlib
import json
import os
from pathlib import Path

MANIFEST = "ftbench-manifest.json"


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_of(folder: Path) -> dict[str, list[int | str]]:
    """Size and digest of every file below a folder, by its path in it; the manifest left out."""
    return {
        str(path.relative_to(folder)): [path.stat().st_size, file_digest(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def write_manifest(folder: Path) -> None:
    """Write down what a finished folder holds, durably."""
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(manifest_of(folder), file)
        file.flush()
        os.fsync(file.fileno())


def is_whole(folder: Path) -> bool:
    """Whether a folder holds exactly what its manifest says."""
    return not damaged_files(folder)


def damaged_files(folder: Path) -> list[str]:
    """The files that are missing, changed or strange by a folder's manifest; it may be itself."""
    try:
        stated = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return differing(stated, manifest_of(folder))
    except (OSError, ValueError, AttributeError):
        return [MANIFEST]


def differing(stated: dict[str, list[int | str]], found: dict[str, list[int | str]]) -> list[str]:
    """The names under which two manifests do not say the same."""
    return sorted(
        name for name in stated.keys() | found.keys() if stated.get(name) != found.get(name)
    )
