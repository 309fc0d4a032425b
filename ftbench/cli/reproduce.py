"""``ftbench reproduce T2 model=...``: a table of the paper, ours beside it; or all its claims."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog

from .printable import printable
from .secrets_scan import closed_environment, refuse_secrets

if TYPE_CHECKING:
    from ftbench.config.compose import Cell
    from ftbench.reproduce.cells import Words
    from ftbench.statistics.result import RunResult

_EPILOG = """\
Further words are those of a run: a model, your data, seeds=3. A table's own words come first, so
yours win. What an interrupted command has finished is kept; the same command goes on.
"""


def reproduce(words: Sequence[str], catalog: Catalog) -> int:
    """Run a table of the paper and print ours beside it, or check all claims with --all."""
    parser = argparse.ArgumentParser(
        prog="ftbench reproduce",
        description=reproduce.__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", metavar="TABLE model=NAME", help="what, and with what")
    parser.add_argument(
        "--all", action="store_true", help="check every claim, with three seeds or more"
    )
    parser.add_argument("--dry-run", action="store_true", help="only the plan")
    parser.add_argument("--yes", action="store_true", help="agree to the bill beforehand")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--out", type=Path, help="with --all: a folder for the record and its page")
    options = parser.parse_intermixed_args(words)
    refuse_secrets(options.words)
    tables = [word for word in options.words if "=" not in word]
    given = [word for word in options.words if "=" in word]
    if not any(word.startswith("model=") for word in given):
        raise UsageError("Name a model, as in: ftbench reproduce T2 model=llama2_7b")
    if options.all == bool(tables) or len(tables) > 1:
        from ftbench.reproduce.tables import table_names  # noqa: PLC0415, slow to import

        names = ", ".join(table_names())
        raise UsageError(f"Name one table, or give --all for the claims. Tables: {names}.")
    with closed_environment():
        if options.all:
            return _claims(options, given, catalog)
        return _table(tables[0], options, given, catalog)


def _table(name: str, options: argparse.Namespace, given: list[str], catalog: Catalog) -> int:
    from ftbench.reproduce.tables import read_table  # noqa: PLC0415, slow to import

    from .reproduced import print_table  # noqa: PLC0415, slow to import

    model = next(word.partition("=")[2] for word in given if word.startswith("model="))
    table = read_table(name)
    table = replace(table, rows=tuple(line for line in table.rows if line.is_for(model)))
    own = {
        line.name: (f"experiment={name}", *line.words, *given)
        for line in table.rows
        if not line.unavailable
    }
    results = _done(list(own.values()), options, catalog)
    if results is None:
        return 0
    print_table(table, {line: results[words] for line, words in own.items()})
    return max((result.exit_code for result in results.values()), default=0)


def _claims(options: argparse.Namespace, given: list[str], catalog: Catalog) -> int:
    from ftbench.reproduce.claims import check, experiments, read_claims  # noqa: PLC0415
    from ftbench.reproduce.record import as_json, as_page, as_record  # noqa: PLC0415

    from .reproduced import print_claims  # noqa: PLC0415

    claims = read_claims()
    is_said = any(word.startswith(("seed=", "seeds=")) for word in given)
    full = {
        own: (*own, *given, *([] if is_said else [f"seeds={seeds}"]))
        for own, seeds in experiments(claims).items()
    }
    results = _done(list(full.values()), options, catalog)
    if results is None:
        return 0
    checked = [
        check(claim, {own: results[words] for own, words in full.items()}) for claim in claims
    ]
    model = next(word.partition("=")[2] for word in given if word.startswith("model="))
    used = sorted({seed for result in results.values() for seed in result.seeds})
    record = as_record(model, used, checked)
    print_claims(record)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"{model}.json").write_text(as_json(record), encoding="utf-8")
        (options.out / f"{model}.md").write_text(as_page(record), encoding="utf-8")
        print(printable(f"Kept: {options.out / model}.json and .md"))
    return 0


def _done(
    experiments: "Sequence[Words]", options: argparse.Namespace, catalog: Catalog
) -> "dict[Words, RunResult] | None":
    """Run all; or with --dry-run print what would be done, and return None."""
    from ftbench.reproduce.cells import composed, measured  # noqa: PLC0415, slow to import

    from .benchmark import name_broken_plugins  # noqa: PLC0415, slow to import
    from .consent import consent  # noqa: PLC0415
    from .explain import explained  # noqa: PLC0415, slow to import
    from .stopping import heard_signals  # noqa: PLC0415, slow to import
    from .view import view  # noqa: PLC0415, slow to import

    name_broken_plugins(catalog)
    with explained(options.words, catalog):
        cells = composed(experiments, catalog)
    if options.dry_run:
        _print_plans(cells, options, catalog)
        return None
    with (
        view(quiet=options.quiet) as watch,
        redirect_stdout(sys.stderr),
        heard_signals() as stopping,
    ):
        first = next(iter(cells.values()))[0]
        confirm = consent(yes=options.yes, budget=first.config.budget_usd)
        results = measured(cells, catalog=catalog, watch=watch, stopping=stopping, confirm=confirm)
    stopping.raise_if_asked()
    return results


def _print_plans(
    cells: "dict[Words, list[Cell]]", options: argparse.Namespace, catalog: Catalog
) -> None:
    from ftbench.reproduce.cells import planned  # noqa: PLC0415, slow to import

    from .view import view  # noqa: PLC0415, slow to import

    runs = sum(map(len, cells.values()))
    print(printable(f"{len(cells)} experiments, {runs} runs"))
    missing: dict[str, None] = {}
    for words, group in cells.items():
        with view(quiet=True) as watch, redirect_stdout(sys.stderr):
            outline = planned(group, catalog=catalog, watch=watch)
        times = f" (x {len(group)} seeds)" if len(group) > 1 else ""
        print(printable("\n".join([f"{' '.join(words)}{times}", *outline.lines])))
        missing |= dict.fromkeys(outline.missing)
    for words_of_one in missing:
        print(printable(f"missing: {words_of_one}"))
