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
from collections.abc import Callable
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.update(OMP_WAIT_POLICY="PASSIVE", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch  # noqa: E402
from engines import ours, reference, with_lm_eval  # noqa: E402
from engines.figures import Measured, figures  # noqa: E402
from engines.outcome import Outcome  # noqa: E402
from engines.plot import draw  # noqa: E402
from engines.table import show  # noqa: E402
from engines.world import Cell, World, distinct, organism, paper_sweep, wide  # noqa: E402
from rich.console import Console  # noqa: E402
from transformers.utils import logging  # noqa: E402

from ftbench_hf.loading import load_reader  # noqa: E402

RESULTS = Path(__file__).parent / "results"
PLOT = Path(__file__).parents[1] / "docs" / "assets" / "sweep.svg"
WORLDS = ("wide", "organism")
KEPT = (
    "speedup_one_cell",
    "speedup_one_cell_over_hflm",
    "speedup_over_reference",
    "speedup_over_hflm",
    "speedup_paper_sweep",
    "marginal_cell",
    "memory_of_most_over_one",
    "fraction_of_limit",
    "identical",
)
"""What is compared from version to version: of the wide world, where it is measured."""


class Bench:
    """One world, and the ways to do its cells."""

    def __init__(self, world: World, folder: Path, *, sizes: list[int]) -> None:
        self.world = world
        self.folder = folder
        self.chat = load_reader(world.base).chat
        self._sizes = sizes
        self._count = 0

    def measure(self, compared: int, counts: list[int]) -> dict[str, Any]:
        """Every figure of the world."""
        size, tried = with_lm_eval.best_batch(self.world, self.chat, self._sizes)
        cells = distinct(compared)
        ways: dict[str, Callable[[Cell], Outcome]] = {
            "reference": lambda cell: reference.run(self.world, cell, self.chat, self._new()),
            "hflm": lambda cell: with_lm_eval.run(
                self.world, cell, self.chat, self._new(), batch_size=size
            ),
            "ours": lambda cell: self.ours([cell]),
        }
        seen: dict[str, list[Outcome]] = {name: [] for name in ways}
        for number, cell in enumerate(cells):
            for name in list(ways)[:: -1 if number % 2 else 1]:
                seen[name].append(ways[name](cell))
        sweeps = {count: self.ours(distinct(count)) for count in sorted(counts)}
        measured = Measured(
            compared=cells, one_by_one=seen, sweeps=sweeps, paper=self.ours(paper_sweep())
        )
        told = figures(self.world, self.chat, measured)
        return {**told, "hflm_batch_size": size, "hflm_seconds_by_batch_size": tried}

    def ours(self, cells: list[Cell]) -> Outcome:
        """The cells together."""
        return ours.run(self.world, cells, self.chat, self._new())

    def _new(self) -> Path:
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        return place


def bench_of(name: str, folder: Path, chosen: argparse.Namespace) -> Bench:
    """A world of the sizes that were asked for."""
    if name == "organism":
        world = organism(prompts=chosen.prompts or 330)
    else:
        world = wide(
            folder / "wide",
            hidden=chosen.hidden,
            layers=chosen.layers,
            prompts=chosen.prompts or 96,
            max_tokens=chosen.max_tokens,
        )
    return Bench(world, folder, sizes=chosen.batch_sizes)


def peak_memory(name: str, chosen: argparse.Namespace, cells: int) -> int:
    """Bytes at the most, of a process that does nothing but some cells."""
    sizes = ["hidden", "layers", "max_tokens", *(["prompts"] if chosen.prompts else [])]
    options = [f"--{size.replace('_', '-')}={getattr(chosen, size)}" for size in sizes]
    words = [sys.executable, __file__, f"--worlds={name}", *options, f"--peak-of={cells}"]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def own_peak() -> int:
    """Bytes that this process had at the most; what getrusage says begins with its parent's."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("This kernel does not tell a process's peak memory.")


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
    """Measure, print, keep the figures in ``benchmarks/results`` and draw them for the docs."""
    chosen = words()
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    told = {}
    for name in chosen.worlds:
        with tempfile.TemporaryDirectory() as folder:
            bench = bench_of(name, Path(folder), chosen)
            if chosen.peak_of:
                bench.ours(distinct(chosen.peak_of))
                print(own_peak())
                return
            told[name] = bench.measure(chosen.compared, chosen.cells)
        peaks = {count: peak_memory(name, chosen, count) for count in (1, max(chosen.cells))}
        least, most = peaks.values()
        told[name] |= {
            "peak_bytes": peaks,
            "memory_of_most_over_one": round(most / least, 2),
        }
        show(name, told[name], Console(width=100))
    first = told[chosen.worlds[0]]
    whole = {name: first[name] for name in KEPT} | {"start_up_seconds": start_up(), "worlds": told}
    chosen.out.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    draw(told, chosen.plot)


def words() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", choices=WORLDS, nargs="+", default=WORLDS)
    parser.add_argument("--prompts", type=int, help="default: 96 and, of the organism, all 330")
    parser.add_argument("--max-tokens", type=int, default=96, help="of an answer in the wide world")
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--compared", type=int, default=2, help="cells that every way does")
    parser.add_argument("--cells", type=int, nargs="+", default=[2, 4, 8, 16], help="of the sweeps")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[8, 16, 32], help="of HFLM")
    parser.add_argument("--out", type=Path, default=RESULTS / "sweep.json")
    parser.add_argument("--plot", type=Path, default=PLOT)
    parser.add_argument("--peak-of", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
