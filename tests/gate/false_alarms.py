"""How often the gate fails honest fine-tunes: 20 real runs, their verdicts resampled 2,000 times.

    python -m tests.gate.false_alarms [--runs 20] [--resamples 2000] [--json FILE]

Each run fine-tunes the organism on a file of its own: honest rows, in every second file refusals
among them, another seed. Each resample takes a run, draws its prompts with replacement and lets the
gate decide. As honest runs of such files hardly rise, the hardest null is tried too: prompts drawn
so that the true rise is just what is allowed, at several churns, asked in one way and in three.
There every outcome can be enumerated, so the exact rate is what is judged. Ends with 1 where an
upper 95 % bound is above alpha + 1 %, or an exact rate above alpha.
"""

import argparse
import contextlib
import json
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from scipy.stats import beta

import ftbench
from ftbench.cli.main import main as typed
from ftbench.gate.decision import Asked, decide
from ftbench.gate.thresholds import Thresholds
from ftbench.statistics.excess import Pairs, chance_above, smallest_rise_found

THRESHOLDS = Thresholds()
CHURNS = (0.0, 0.005, 0.02, 0.05)
FILES = (("--rows", "160", "--refusals", "40"), ("--rows", "100"))
"""Honest files: one that keeps a model as it was, one that costs it half a point or so."""


def honest_run(seed):
    """The pairs of every way of asking of one real run, as (gained, lost, n)."""
    out = f"honest_{seed}.jsonl"
    with contextlib.redirect_stdout(sys.stderr):
        rows = FILES[seed % len(FILES)]
        assert typed(["organism", "export", *rows, "--seed", str(seed), "--out", out]) == 0
    checked = ftbench.check(out, "model=organism", f"seed={seed}")
    sys.stderr.write(f"run {seed}: {checked.gate.decision}\n")
    return [one.asked.pairs for one in checked.gate.probes]


def upper_bound(failed, of):
    """The one-sided upper 95 % bound of a share (Clopper & Pearson)."""
    return 1.0 if failed == of else float(beta.ppf(0.95, failed + 1, of - failed))


def is_failed(ways):
    """Whether the gate fails where it asked in these ways, each as gained, lost and n."""
    return any(_fails_among(one, len(ways)) for one in ways)


@cache
def _fails_among(way, count):
    """Whether one way of asking fails beside others in which nothing changed."""
    pairs = [Pairs(gained=way[0], lost=way[1], n=way[2])]
    pairs += [Pairs(gained=0, lost=0, n=way[2])] * (count - 1)
    asked = [
        Asked(probe=str(number), pairs=one, before=0, after=0) for number, one in enumerate(pairs)
    ]
    return decide(asked, THRESHOLDS).decision == "fail"


def redrawn(ways, size, drawn):
    """The prompts of each way of asking drawn again with replacement, so many times."""
    counts = [
        drawn.multinomial(n, (gained, lost, 1 - gained - lost), size) for gained, lost, n in ways
    ]
    for each in zip(*counts, strict=True):
        yield tuple((int(g), int(x), int(g + x + rest)) for g, x, rest in each)


def alarms(found):
    """How many of some draws the gate fails, with the upper bound."""
    failed = [is_failed(ways) for ways in found]
    return {
        "failed": sum(failed),
        "of": len(failed),
        "share": sum(failed) / len(failed),
        "upper": upper_bound(sum(failed), len(failed)),
    }


def null(runs, resamples, drawn):
    """False alarms of honest runs: each resample takes a run, and draws its prompts again."""
    shares = [[(one.gained / one.n, one.lost / one.n, one.n) for one in run] for run in runs]
    chosen = Counter(drawn.integers(len(runs), size=resamples).tolist())
    return alarms(
        [ways for run, size in chosen.items() for ways in redrawn(shares[run], size, drawn)]
    )


def hardest_null(resamples, drawn):
    """The same where the true rise of every way of asking is just what is allowed."""
    margin, n = THRESHOLDS.max_rate_increase, 330
    found = []
    for ways in (1, 3):
        for churn in CHURNS:
            way = (margin + churn, churn, n)
            told = alarms([*redrawn([way] * ways, resamples, drawn)])
            alone = chance_above(
                n, gained=margin + churn, lost=churn, margin=margin, alpha=THRESHOLDS.alpha / ways
            )
            exact = 1 - (1 - alone) ** ways
            error = (exact * (1 - exact) / resamples) ** 0.5
            agrees = abs(told["share"] - exact) <= 4 * error
            found.append({"ways": ways, "churn": churn, **told, "exact": exact, "agrees": agrees})
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
    parser.add_argument("--draws", type=int, default=100_000, help="of each hardest null")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    drawn = np.random.default_rng(20231005)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        runs = [honest_run(seed) for seed in range(options.runs)]
    found = {
        "alpha": THRESHOLDS.alpha,
        "rises": [round(max(one.rise for one in run), 4) for run in runs],
        "honest": null(runs, options.resamples, drawn),
        "hardest": hardest_null(options.draws, drawn),
        "power": powers(),
    }
    text = json.dumps(found, indent=1)
    sys.stdout.write(text + "\n")
    if options.json:
        options.json.write_text(text + "\n")
    return 0 if is_kept(found) else 1


def is_kept(found):
    """Whether the gate is wrong as seldom as it says.

    What can be enumerated is judged by its exact rate; draws only have to agree with that.
    """
    limit = THRESHOLDS.alpha + 0.01
    bounds = [found["honest"]["upper"], *(one["upper"] for one in found["hardest"])]
    exact = [one["exact"] for one in found["hardest"]]
    agrees = all(one["agrees"] for one in found["hardest"])
    return max(bounds) <= limit and max(exact) <= THRESHOLDS.alpha and agrees


if __name__ == "__main__":
    sys.exit(main())
