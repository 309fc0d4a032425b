"""``ftbench leaderboard verify|build|schema|key``: what whoever keeps or checks a board does."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.plugin.catalog import Catalog

from .printable import printable

if TYPE_CHECKING:
    from ftbench.leaderboard.examining import Examined
    from ftbench.leaderboard.rules import Rules

BROKEN = 2
FORMATS = ("every-eval-ever", "hugging-face", "croissant")
_ACTIONS = {
    "verify": "check submissions, and count every figure again: verify DIR",
    "build": "make the site of a board: build DIR --out site",
    "export": "write entries for others: export DIR --format every-eval-ever --out FOLDER",
    "schema": "print the JSON Schema of a submission's files",
    "key": "make a key to sign submissions with: key FILE",
}


def leaderboard(words: Sequence[str], catalog: Catalog) -> int:
    """Check submissions, or make a board of them."""
    options = _parser().parse_args(words)
    if options.action == "schema":
        from ftbench.leaderboard.schema import json_schemas  # noqa: PLC0415, slow to import

        print(json.dumps(json_schemas(), indent=1))
        return 0
    if options.action == "key":
        return _key(options.file)
    from ftbench.leaderboard.finding import home_of  # noqa: PLC0415, slow to import
    from ftbench.leaderboard.rules import rules_of  # noqa: PLC0415, slow to import

    judges = catalog.components["judge"].items()
    installed = {name: offer.version for name, offer in judges if offer.version}
    rules = rules_of(options.rules or home_of(options.folder), installed=installed)
    if options.action == "verify":
        return _verify(options.folder, rules, as_json=options.json)
    if options.action == "export":
        return _export(options.folder, options.out, options.format or FORMATS, rules)
    return _build(options.folder, options.out, rules)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ftbench leaderboard", description=leaderboard.__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    parsers = {name: actions.add_parser(name, help=text) for name, text in _ACTIONS.items()}
    for name in ("verify", "build", "export"):
        parsers[name].add_argument("folder", type=Path, help="a submission, or a folder of them")
        parsers[name].add_argument("--rules", type=Path, help="the board whose rules hold")
    parsers["verify"].add_argument("--json", action="store_true", help="one object per submission")
    for name in ("build", "export"):
        parsers[name].add_argument("--out", required=True, type=Path, help="where the files go")
    parsers["export"].add_argument("--format", action="append", choices=FORMATS, help="or all")
    parsers["key"].add_argument("file", type=Path, help="where the private key goes")
    return parser


def _export(place: Path, out: Path, formats: Sequence[str], rules: "Rules") -> int:
    from ftbench.leaderboard.exports.writing import Format, export  # noqa: PLC0415, slow to import
    from ftbench.leaderboard.finding import submissions_in  # noqa: PLC0415, slow to import

    wanted = [Format(name) for name in formats]
    for path in export(submissions_in(place), out, wanted, rules=rules):
        print(printable(str(path)))
    return 0


def _key(path: Path) -> int:
    from ftbench.leaderboard.signing import new_key  # noqa: PLC0415, slow to import

    public = new_key(path)
    print(printable(f"The private key is in {path}; keep it to yourself."))
    print(f"Public key: {public}")
    return 0


def _verify(place: Path, rules: "Rules", *, as_json: bool) -> int:
    from ftbench.leaderboard.between import faults_between  # noqa: PLC0415, slow to import
    from ftbench.leaderboard.examining import examine_all  # noqa: PLC0415, slow to import
    from ftbench.leaderboard.finding import submissions_in  # noqa: PLC0415, slow to import

    examined = list(examine_all(submissions_in(place), rules))
    between = faults_between([entry for one in examined for entry in one.entries])
    is_whole = True
    for one in examined:
        faults = [*one.faults, *between.get(one.folder, [])]
        is_whole = is_whole and not faults
        if as_json:
            print(json.dumps(_as_json(one, [str(fault) for fault in faults])))
        else:
            _tell(one, [str(fault) for fault in faults])
    return 0 if is_whole else BROKEN


def _tell(one: "Examined", faults: Sequence[str]) -> None:
    if not faults:
        trust = one.entries[0].trust if one.entries else "recomputed"
        entries = "1 entry" if len(one.entries) == 1 else f"{len(one.entries)} entries"
        said = f"{one.runs} runs, {one.figures} figures counted again, {entries}, {trust}"
        print(printable(f"{one.folder}: whole: {said}."))
        return
    print(printable(f"{one.folder}: {len(faults)} wrong:"))
    for fault in faults:
        print(printable(f"  {fault}"))


def _as_json(one: "Examined", faults: Sequence[str]) -> dict[str, object]:
    return {
        "submission": one.folder,
        "is_whole": not faults,
        "runs": one.runs,
        "figures": one.figures,
        "entries": [entry.id for entry in one.entries],
        "trust": [entry.trust for entry in one.entries],
        "faults": list(faults),
    }


def _build(place: Path, out: Path, rules: "Rules") -> int:
    from ftbench.leaderboard.board import board_of  # noqa: PLC0415, slow to import
    from ftbench.leaderboard.examining import examine_all  # noqa: PLC0415, slow to import
    from ftbench.leaderboard.finding import submissions_in  # noqa: PLC0415, slow to import
    from ftbench.leaderboard.pages import write_site  # noqa: PLC0415, slow to import

    board = board_of(examine_all(submissions_in(place), rules, is_thorough=False), rules)
    files = write_site(board, out)
    for one in board.broken:
        print(printable(f"Left out: {one.folder}: {one.faults[0]}"))
    said = f"{len(board.rows)} entries, {len(board.tracks)} tracks, {len(board.broken)} broken"
    print(printable(f"{said}: {files} files in {out}. Open {out / 'index.html'}"))
    return 0
