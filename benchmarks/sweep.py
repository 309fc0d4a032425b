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
from statistics import fmean
from typing import Any

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.update(OMP_WAIT_POLICY="PASSIVE", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch  # noqa: E402
from engines import limit, ours, reference, with_lm_eval  # noqa: E402
from engines.outcome import Outcome, identical  # noqa: E402
from engines.plot import draw  # noqa: E402
from engines.world import Cell, World, distinct, organism, paper_sweep, wide  # noqa: E402
from transformers.utils import logging  # noqa: E402

from ftbench_hf.loading import load_reader  # noqa: E402

RESULTS = Path(__file__).parent / "results"
COUNTS = (1, 2, 4, 8, 16)
_LEAST_IDENTICAL = 0.98
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
    return figures(bench, seen, dict(sorted(sweeps.items())), paper)


def figures(
    bench: Bench, seen: dict[str, list[Outcome]], sweeps: dict[int, Outcome], paper: Outcome
) -> dict[str, Any]:
    """What is told of the outcomes; peers share nothing, so that their cells cost what one does."""
    peers = {name: Peer(outcomes) for name, outcomes in seen.items() if name != "ours"}
    same = {name: identical(seen["ours"][0], seen[name][0]) for name in peers}
    for name, (equal, of) in same.items():
        if equal < _LEAST_IDENTICAL * of:
            raise SystemExit(f"Only {equal} of {of} answers are those of {name}: no ratio is told.")
    most = max(sweeps)
    one = fmean(outcome.total for outcome in seen["ours"])
    machine = limit.measured(_shapes(bench.world))
    told: dict[str, Any] = {
        "prompts": len(bench.world.prompts),
        "identical": {name: f"{equal}/{of}" for name, (equal, of) in same.items()},
        "seconds_one_cell": {
            **{name: round(peer.one_cell, 2) for name, peer in peers.items()},
            "ours": round(one, 2),
        },
        "stages_one_cell": {
            name: {key: round(value, 2) for key, value in outcomes[0].seconds.items()}
            for name, outcomes in seen.items()
        },
        "speedup_one_cell": _ratio(peers["reference"].one_cell, one),
        "speedup_one_cell_over_hflm": _ratio(peers["lm_eval"].one_cell, one),
        "sweeps": {
            count: _sweep(bench, outcome, peers, machine, distinct(count))
            for count, outcome in sweeps.items()
        },
        "paper_sweep": _sweep(bench, paper, peers, machine, paper_sweep()),
        "operations_a_second": round(machine.operations / 1e9, 1),
    }
    last = told["sweeps"][most]
    extra = (sweeps[most].total - one) / (most - 1)
    return told | {
        "speedup_over_reference": last["over_reference"],
        "speedup_over_hflm": last["over_lm_eval"],
        "speedup_paper_sweep": told["paper_sweep"]["over_reference"],
        "marginal_cell": round(extra / one, 3),
        "fraction_of_limit": last["fraction_of_limit"],
    }


class Peer:
    """What a cell costs somebody who shares nothing between cells."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.one_cell = fmean(outcome.total for outcome in outcomes)
        stages = {
            name: fmean(outcome.seconds[name] for outcome in outcomes)
            for name in outcomes[0].seconds
        }
        said = outcomes[0].tokens("base") + outcomes[0].tokens("cell0")
        self._a_token = (stages["base"] + stages["tuned"]) / said
        self._an_epoch = stages["train"] / Cell().epochs
        self._fixed = stages["load"] + stages["save"]

    def sweep(self, cells: list[Cell], outcome: Outcome, *, asks_base: int) -> float:
        """Seconds for cells whose models say what ours said; the base is asked so often."""
        said = sum(outcome.tokens(f"cell{number}") for number in range(len(cells)))
        said += asks_base * outcome.tokens("base")
        epochs = sum(cell.epochs for cell in cells)
        return len(cells) * self._fixed + epochs * self._an_epoch + said * self._a_token


def _sweep(
    bench: Bench,
    outcome: Outcome,
    peers: dict[str, Peer],
    machine: limit.Machine,
    cells: list[Cell],
) -> dict[str, Any]:
    training = limit.training_limit(bench.world, cells, bench.chat, machine)
    answering = limit.answering_limit(bench.world, outcome, bench.chat, machine)
    distinct_training = training * _share_trained(cells)
    least = {"train": distinct_training, "answer": answering}
    return {
        "cells": len(cells),
        "seconds": round(outcome.total, 2),
        "stages": {name: round(value, 2) for name, value in outcome.seconds.items()},
        **{
            f"over_{name}": _ratio(peer.sweep(cells, outcome, asks_base=len(cells)), outcome.total)
            for name, peer in peers.items()
        },
        **{
            f"over_{name}_that_asks_the_base_once": _ratio(
                peer.sweep(cells, outcome, asks_base=1), outcome.total
            )
            for name, peer in peers.items()
        },
        "fractions": {
            name: round(seconds / outcome.seconds[name], 3) for name, seconds in least.items()
        },
        "fraction_of_limit": round(sum(least.values()) / outcome.total, 3),
        "tokens_said": sum(outcome.tokens(model) for model in outcome.said),
    }


def _share_trained(cells: list[Cell]) -> float:
    """Of all epochs, those that are no beginning of another cell's training."""
    longest: dict[tuple[float, int], int] = {}
    for cell in cells:
        key = (cell.rate, cell.seed)
        longest[key] = max(longest.get(key, 0), cell.epochs)
    return sum(longest.values()) / sum(cell.epochs for cell in cells)


def _ratio(slow: float, fast: float) -> float:
    return round(slow / fast, 2)


def _shapes(world: World) -> list[tuple[int, int, int]]:
    shape = limit.Shape.of(world.base.location)
    hidden = shape.attention
    inner = (shape.layer - 4 * hidden**2) // (3 * hidden)
    return [(rows, hidden, columns) for rows in (256, 1024, 4096) for columns in (hidden, inner)]


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
        told[name]["peak_bytes"] = _peaks(name, chosen)
        print(json.dumps({name: told[name]}, indent=1))
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
