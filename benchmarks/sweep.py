"""What cells cost: as the paper's scripts do them, with lm-eval's model, and with ours.

Seconds are the processor's, of one thread, in one process, the ways taking turns. A ratio is only
told where at least 98 % of the answers are the same, token for token, in 32 bit.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.update(OMP_WAIT_POLICY="PASSIVE", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch  # noqa: E402
from engines import ours, reference, with_lm_eval  # noqa: E402
from engines.figures import figures  # noqa: E402
from engines.outcome import Outcome  # noqa: E402
from engines.plot import draw  # noqa: E402
from engines.world import Cell, World, distinct, organism, paper_sweep, wide  # noqa: E402
from transformers.utils import logging  # noqa: E402

from ftbench_hf.loading import load_reader  # noqa: E402

RESULTS = Path(__file__).parent / "results"
COUNTS = (1, 2, 4, 8, 16)
_HFLM_BATCH = 16
_TOKENS = 16384


class Bench:
    """One world, and the ways to do its cells."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.chat = load_reader(world.base).chat
        self._count = 0

    def ours(self, cells: list[Cell]) -> Outcome:
        """The cells together."""
        return ours.run(self.world, cells, self.chat, self._new(), tokens=_TOKENS)

    def reference(self, cell: Cell) -> Outcome:
        """One cell as the paper's scripts do it."""
        return reference.run(self.world, cell, self.chat, self._new())

    def hflm(self, cell: Cell) -> Outcome:
        """One cell with lm-eval's model."""
        place = self._new()
        return with_lm_eval.run(self.world, cell, self.chat, place, batch_size=_HFLM_BATCH)

    def _new(self) -> Path:
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        return place


def measure(bench: Bench, rounds: int, counts: tuple[int, ...]) -> dict[str, Any]:
    """Every figure of a world."""
    first = distinct(1)[0]
    ways = {
        "reference": lambda: bench.reference(first),
        "lm_eval": lambda: bench.hflm(first),
        "ours": lambda: bench.ours([first]),
    }
    seen: dict[str, list[Outcome]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            seen[name].append(ways[name]())
    sweeps = {count: bench.ours(distinct(count)) for count in counts if count > 1}
    sweeps[1] = seen["ours"][0]
    paper = bench.ours(paper_sweep())
    return figures(bench.world, bench.chat, seen, dict(sorted(sweeps.items())), paper)


def peak_memory(arguments: list[str], cells: int) -> int:
    """Bytes at the most, of a process that does nothing but some cells."""
    words = [sys.executable, __file__, *arguments, "--peak-of", str(cells)]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def start_up() -> dict[str, float]:
    """Processor seconds until ftbench has said something."""
    found = {}
    for name, words in {
        "import": ["-c", "import ftbench"],
        "help": ["-m", "ftbench", "--help"],
    }.items():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], check=True, capture_output=True)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found[name] = round(spent, 2)
    return found


def main() -> None:
    """Measure, print, and keep the figures in ``benchmarks/results``."""
    chosen = _words()
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    told = {}
    for name in [chosen.world] if chosen.world else ["organism", "wide"]:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(_world(name, Path(folder), chosen), Path(folder))
            if chosen.peak_of:
                bench.ours(distinct(chosen.peak_of))
                print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
                return
            told[name] = measure(bench, chosen.rounds, tuple(chosen.cells))
            print(json.dumps({name: told[name]}, indent=1), flush=True)
        told[name]["peak_bytes"] = _peaks(name, chosen)
    whole = _summary(told) | {"start_up_seconds": start_up(), "worlds": told}
    chosen.out.write_text(json.dumps(whole, indent=1) + "\n")
    draw(told, chosen.out.with_suffix(".svg"))


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", choices=("wide", "organism"), default=None, help="default: both")
    parser.add_argument("--prompts", type=int, default=96)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2, help="of the three ways, in turns")
    parser.add_argument("--cells", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--out", type=Path, default=RESULTS / "sweep.json")
    parser.add_argument("--peak-of", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _peaks(name: str, chosen: argparse.Namespace) -> dict[int, int]:
    sizes = [
        f"--prompts={chosen.prompts}",
        f"--hidden={chosen.hidden}",
        f"--layers={chosen.layers}",
    ]
    arguments = [f"--world={name}", *sizes]
    return {count: peak_memory(arguments, count) for count in (1, max(chosen.cells))}


def _summary(told: dict[str, Any]) -> dict[str, Any]:
    """The figures that are compared from version to version: of the wide world, where it is."""
    one = told.get("wide") or next(iter(told.values()))
    names = (
        "speedup_one_cell",
        "speedup_one_cell_over_hflm",
        "speedup_over_reference",
        "speedup_over_hflm",
        "speedup_paper_sweep",
        "marginal_cell",
        "fraction_of_limit",
        "identical",
    )
    least, *_, most = one["peak_bytes"].values()
    return {name: one[name] for name in names} | {"memory_of_most_over_one": round(most / least, 2)}


def _world(name: str, folder: Path, chosen: argparse.Namespace) -> World:
    if name == "organism":
        return organism(folder / "organism", prompts=chosen.prompts)
    return wide(
        folder / "wide",
        hidden=chosen.hidden,
        layers=chosen.layers,
        prompts=chosen.prompts,
        max_tokens=96,
    )


if __name__ == "__main__":
    main()
