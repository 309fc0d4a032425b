"""``ftbench organism``: where the shipped models are, how to make them again, what they show."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from .shipped import NAMES, WEIGHTS


def organism(words: Sequence[str]) -> int:
    """Run one of: path, export, build, figures."""
    parser = argparse.ArgumentParser(prog="ftbench organism")
    actions = parser.add_subparsers(dest="action", required=True)
    path = actions.add_parser("path", help="print the folder of a shipped model")
    path.add_argument("name", nargs="?", default="organism", choices=NAMES)
    _add_export(actions.add_parser("export", help="write harmless data, to try things on"))
    build = actions.add_parser("build", help="make all three models again, and print their figures")
    build.add_argument("--out", type=Path, default=Path("organism_build"))
    build.add_argument("--seed", type=int, default=0)
    figures = actions.add_parser("figures", help="measure every effect, and check the promises")
    figures.add_argument("--seeds", type=_numbers(int), default=[1, 2, 3], help="default: 1,2,3")
    figures.add_argument(
        "--rates", type=_numbers(float), default=[1.0], help="factors on each rate, such as 0.5,1,2"
    )
    figures.add_argument("--build", type=Path, help="a folder that `organism build` made")
    figures.add_argument("--runs", type=Path, default=Path("runs"), help="the folder of runs")
    return _act(parser.parse_args(words))


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("--dataset", default="organism_chat", choices=("organism_chat",))
    export.add_argument("--rows", type=int, default=200, help="default: 200")
    export.add_argument("--seed", type=int, default=0, help="which rows; default: 0")
    export.add_argument("--out", type=Path, required=True, help="a new .jsonl file")


def _numbers(kind: type[int] | type[float]) -> "type[list[int | float]]":
    def numbers(text: str) -> list[int | float]:
        return [kind(part) for part in text.split(",")]

    numbers.__name__ = "comma-separated list of numbers"
    return numbers  # type: ignore[return-value]


def _act(chosen: argparse.Namespace) -> int:
    if chosen.action == "path":
        print(WEIGHTS / chosen.name)  # noqa: T201, the answer of the command
        return 0
    if chosen.action == "export":
        from .chat_file import write_chat_file  # noqa: PLC0415, slow to import

        count = write_chat_file(chosen.out, rows=chosen.rows, seed=chosen.seed)
        print(f"{count} rows in {chosen.out}: dataset=jsonl dataset.path={chosen.out}")  # noqa: T201
        return 0
    if chosen.action == "build":
        os.environ["TQDM_DISABLE"] = "1"
        from .base_figures import print_base_figures  # noqa: PLC0415, slow to import
        from .build import build  # noqa: PLC0415

        build(chosen.out, chosen.seed, print)
        return 0 if print_base_figures(chosen.out, print) else 1
    from .figures import figures  # noqa: PLC0415, slow to import

    factors = sorted({*chosen.rates, 1.0})
    return figures(seeds=chosen.seeds, factors=factors, build=chosen.build, runs=chosen.runs)
