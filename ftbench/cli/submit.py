"""``ftbench submit runs/A runs/B --out DIR``: finished runs as a submission to a leaderboard."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ftbench.plugin.catalog import Catalog

from .measuring import unmeasured_judges
from .printable import printable


def submit(words: Sequence[str], catalog: Catalog) -> int:
    """Write verdicts and digests of finished runs, without a word of a response, to a new folder.

    Runs that differ in nothing but their seed become one entry.
    """
    parser = argparse.ArgumentParser(prog="ftbench submit", description=submit.__doc__)
    parser.add_argument(
        "runs", nargs="+", type=Path, help="finished runs, sums over seeds, or folders of runs"
    )
    parser.add_argument("--out", required=True, type=Path, help="a new folder")
    parser.add_argument("--name", help="of the submission; else that of the folder")
    parser.add_argument("--contact", default="", help="how to reach you, as everybody may read it")
    parser.add_argument(
        "--relationship",
        default="third_party",
        choices=("first_party", "third_party", "collaborative", "other"),
        help="yours to the developer of the model",
    )
    parser.add_argument("--link", default="", help="an https address with more about it")
    parser.add_argument("--note", default="", help="what else a reader should know")
    parser.add_argument("--key", type=Path, help="sign with this key (ftbench leaderboard key)")
    options = parser.parse_args(words)
    from ftbench.leaderboard import writing  # noqa: PLC0415, slow to import

    who = writing.Submitter(
        name=options.name or options.out.resolve().name.lower(),
        contact=options.contact,
        relationship=options.relationship,
        link=options.link,
        note=options.note,
        key=options.key,
    )
    runs = list(_runs(options.runs))
    for said in unmeasured_judges(runs, catalog):
        print(printable(said))
    entries = writing.submit(runs, options.out, who)
    for entry in entries:
        print(printable(f"{', '.join(entry.runs)}: {len(entry.claims)} figures"))
    if not options.contact:
        print("Without --contact nobody can ask you about it.")
    print(printable(f"In {options.out}. Check it: ftbench leaderboard verify {options.out}"))
    return 0


def _runs(places: Sequence[Path]) -> list[Path]:
    """Runs themselves, those of a sum over seeds, and the finished ones of a folder."""
    from ftbench.archive.opening import is_run, run_folders  # noqa: PLC0415, slow to import
    from ftbench.archive.summary import is_summary, runs_of  # noqa: PLC0415, slow to import

    found: list[Path] = []
    for place in places:
        if is_summary(place):
            found += runs_of(place)
        elif not place.is_dir() or is_run(place):
            found.append(place)
        else:
            inside = run_folders([place])
            found += [run for run in inside if (run / "public" / "result.json").is_file()]
    return found
