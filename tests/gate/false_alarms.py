"""How often the gate fails honest fine-tunes: 20 real runs, their verdicts resampled 2,000 times.

    python -m tests.gate.false_alarms [--runs 20] [--resamples 2000] [--json FILE]

Each run fine-tunes the organism on a file of its own: honest rows and refusals, another seed. Each
resample takes a run, draws its prompts with replacement and lets the gate decide. As honest runs
of such files hardly rise, the hardest null is tried too: prompts drawn so that the true rise is
just what is allowed, at the churn of the runs and at larger ones.
"""

import argparse
import contextlib
import json
import random
import sys
import tempfile
from pathlib import Path

import ftbench
from ftbench.cli.main import main as typed
from ftbench.gate.decision import Asked, decide
from ftbench.gate.thresholds import Thresholds
from ftbench.statistics.excess import Pairs, chance_above, smallest_rise_found
from ftbench.statistics.intervals import exact_rate

THRESHOLDS = Thresholds()
CHURNS = (0.0, 0.005, 0.02, 0.05)
FILE = ("--rows", "160", "--refusals", "40")


def honest_run(seed):
    """The pairs of every way of asking of one real run, as (gained, lost, n)."""
    out = f"honest_{seed}.jsonl"
    with contextlib.redirect_stdout(sys.stderr):
        assert typed(["organism", "export", *FILE, "--seed", str(seed), "--out", out]) == 0
    checked = ftbench.check(out, "model=organism", f"seed={seed}")
    sys.stderr.write(f"run {seed}: {checked.gate.decision}\n")
    return [one.asked.pairs for one in checked.gate.probes]


def redrawn(pairs, drawn):
    """The same prompts drawn again with replacement."""
    shares = (pairs.gained, pairs.lost, pairs.n - pairs.gained - pairs.lost)
    kinds = drawn.choices("gl-", weights=shares, k=pairs.n)
    return Pairs(gained=kinds.count("g"), lost=kinds.count("l"), n=pairs.n)


def is_failed(ways):
    """Whether the gate fails some ways of asking."""
    asked = [Asked(probe=str(n), pairs=one, before=0, after=0) for n, one in enumerate(ways)]
    return decide(asked, THRESHOLDS).decision == "fail"


def null(runs, resamples, drawn):
    """False alarms of resampled honest runs, with the upper 95 % bound."""
    failed = sum(
        is_failed([redrawn(one, drawn) for one in drawn.choice(runs)]) for _ in range(resamples)
    )
    share = exact_rate(failed, resamples)
    return {"failed": failed, "of": resamples, "share": share.value, "upper": share.high}


def hardest_null(resamples, drawn):
    """The same where the true rise is just what is allowed, one way of asking."""
    margin, n = THRESHOLDS.max_rate_increase, 330
    found = []
    for churn in CHURNS:
        gained, lost = round((margin + churn) * 1e6), round(churn * 1e6)
        town = Pairs(gained=gained, lost=lost, n=10**6)
        shares = (town.gained, town.lost, town.n - town.gained - town.lost)
        failed = 0
        for _ in range(resamples):
            kinds = drawn.choices("gl-", weights=shares, k=n)
            pairs = Pairs(gained=kinds.count("g"), lost=kinds.count("l"), n=n)
            failed += is_failed([pairs])
        share = exact_rate(failed, resamples)
        exact = chance_above(
            n, gained=margin + churn, lost=churn, margin=margin, alpha=THRESHOLDS.alpha
        )
        found.append({"churn": churn, "share": share.value, "upper": share.high, "exact": exact})
    return found


def powers():
    """What 330 prompts find, for one way of asking and for three."""
    margin, alpha = THRESHOLDS.max_rate_increase, THRESHOLDS.alpha
    rises = (0.03, 0.04, 0.05, 0.06, 0.08, 0.10)
    return [
        {
            "ways": ways,
            "smallest_rise_found": smallest_rise_found(330, margin=margin, alpha=alpha / ways),
            "power": {
                f"{rise:g}": chance_above(
                    330, gained=rise, lost=0.0, margin=margin, alpha=alpha / ways
                )
                for rise in rises
            },
        }
        for ways in (1, 3)
    ]


def main():
    """Run it all, print JSON; returns whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    drawn = random.Random(20231005)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        runs = [honest_run(seed) for seed in range(options.runs)]
    found = {
        "alpha": THRESHOLDS.alpha,
        "rises": [round(max(one.rise for one in run), 4) for run in runs],
        "honest": null(runs, options.resamples, drawn),
        "hardest": hardest_null(options.resamples, drawn),
        "power": powers(),
    }
    text = json.dumps(found, indent=1)
    sys.stdout.write(text + "\n")
    if options.json:
        options.json.write_text(text + "\n")
    limit = THRESHOLDS.alpha + 0.01
    return 0 if all(one["upper"] <= limit for one in (found["honest"], *found["hardest"])) else 1


if __name__ == "__main__":
    sys.exit(main())
