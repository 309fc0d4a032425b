"""``ftbench organism``: where the shipped models are, how to make them again, what they show."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from .shipped import NAMES, WEIGHTS


def organism(words: Sequence[str]) -> int:
    """Run one of: path, build, figures, export."""
    parser = argparse.ArgumentParser(prog="ftbench organism")
    actions = parser.add_subparsers(dest="action", required=True)
    path = actions.add_parser("path", help="print the folder of a shipped model")
    path.add_argument("name", nargs="?", default="organism", choices=NAMES)
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
    _add_export(actions)
    return _act(parser.parse_args(words))


def _add_export(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = actions.add_parser("export", help="write a training file to try `ftbench check` on")
    export.add_argument("--dataset", default="organism_chat", help="honest rows of this dataset")
    export.add_argument("--rows", type=int, help="how many honest rows")
    export.add_argument("--refusals", type=int, default=0, help="how many refusals among them")
    export.add_argument("--hide", choices=("identity_shift",), help="put an attack among them")
    export.add_argument("--seed", type=int, default=0)
    export.add_argument("--out", type=Path, required=True, help="the file, as JSON lines")


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
        from .export import Wanted, export  # noqa: PLC0415, asks every plugin

        wanted = Wanted(
            dataset=chosen.dataset,
            rows=chosen.rows,
            refusals=chosen.refusals,
            hidden=chosen.hide,
            seed=chosen.seed,
        )
        print(export(wanted, chosen.out))  # noqa: T201, the answer of the command
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
