"""How long a board of very many entries takes, beside only parsing the same files."""

import argparse
import hashlib
import json
import shutil
import tempfile
import time
from pathlib import Path

from ftbench.leaderboard.board import board_of
from ftbench.leaderboard.examining import examine_all
from ftbench.leaderboard.finding import submissions_in
from ftbench.leaderboard.pages import write_site
from ftbench.leaderboard.rules import Rules

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "leaderboard" / "entries" / "organism-identity-shift"


def copies(example: Path, out: Path, count: int) -> None:
    """The same submission under many names, each with a manifest that fits."""
    content = {path.name: path.read_bytes() for path in example.iterdir()}
    said, manifest = (json.loads(content[f"{n}.json"]) for n in ("submission", "manifest"))
    for number in range(count):
        folder = out / f"entry-{number:05}"
        folder.mkdir(parents=True)
        text = json.dumps({**said, "name": folder.name}).encode()
        listed = {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
        files = {**manifest["files"], "submission.json": listed}
        for name, old in content.items():
            (folder / name).write_bytes(old)
        (folder / "submission.json").write_bytes(text)
        (folder / "manifest.json").write_text(json.dumps({"files": files}))


def measure(example: Path, count: int) -> dict[str, float]:
    """Seconds for parsing all files, and for making the board of them."""
    with tempfile.TemporaryDirectory() as place:
        entries, site = Path(place) / "entries", Path(place) / "site"
        copies(example, entries, count)
        began = time.perf_counter()
        for path in entries.rglob("*.json"):
            json.loads(path.read_bytes())
        parsed = time.perf_counter() - began
        began = time.perf_counter()
        found = examine_all(submissions_in(entries), Rules(), is_thorough=False)
        board = board_of(found, Rules())
        write_site(board, site)
        seconds = time.perf_counter() - began
        assert len(board.rows) == count  # noqa: S101
        shutil.rmtree(entries)
    return {"entries": count, "seconds": round(seconds, 2), "parsing": round(parsed, 2)}


def main() -> None:
    """Measure, print, and keep the figures in ``benchmarks/results``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--example", type=Path, default=EXAMPLE, help="a submission to copy")
    options = parser.parse_args()
    found = measure(options.example, options.entries)
    ratio = found["seconds"] / found["parsing"]
    print(
        f"{found['entries']} entries in {found['seconds']} s: "
        f"{1000 * found['seconds'] / found['entries']:.1f} ms each, "
        f"{ratio:.1f} times what parsing takes."
    )
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "board.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
