"""How much slower two runs side by side are than one alone: threads that spin would show here.

The environment asks for threads that spin, as some systems do; ftbench is to overrule it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

WORDS = ("model=organism", "attack=identity_shift", "--quiet")
SPINNING = {"OMP_WAIT_POLICY": "ACTIVE", "HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What some runs took until all were over."""

    wall: float
    processor: float
    """Of a run, on the average; threads that spin make it larger."""


def taken(count: int) -> Taken:
    """So many runs, begun together."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    before, began = _processor(), time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        runs = []
        for number in range(count):
            folder = Path(place) / str(number)
            folder.mkdir()
            own = {**environment, **SPINNING, "FTBENCH_CACHE": str(folder / "cache")}
            words = [sys.executable, "-m", "ftbench", *WORDS]
            runs.append(subprocess.Popen(words, cwd=folder, env=own, stdout=subprocess.DEVNULL))  # noqa: S603
        codes = [run.wait() for run in runs]
        wall = time.perf_counter() - began
    if any(codes):
        raise SystemExit(f"A run ended with {codes}.")
    return Taken(wall=wall, processor=(_processor() - before) / count)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure in turns; print, and keep the figures in ``benchmarks/results``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    rounds = parser.parse_args().rounds
    load = round(os.getloadavg()[0], 1)
    alone, beside = zip(*((taken(1), taken(2)) for _ in range(rounds)), strict=True)
    told = {
        "cores": len(os.sched_getaffinity(0)),
        "load_before": load,
        "rounds": rounds,
    }
    for measure in ("wall", "processor"):
        one, two = (min(getattr(each, measure) for each in runs) for runs in (alone, beside))
        told[measure] = {
            "alone": round(one, 1),
            "each_of_two" if measure == "processor" else "two": round(two, 1),
            "ratio": round(two / one, 2),
        }
    print(json.dumps(told, indent=1))
    out = Path(__file__).parent / "results" / "beside.json"
    out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
