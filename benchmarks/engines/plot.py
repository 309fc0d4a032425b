"""The seconds of sweeps of every size, ours beside what the peers' cells add up to."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def draw(told: dict[str, Any], path: Path) -> None:
    """One panel for each world: seconds by cells, both in logarithms."""
    figure = Figure(figsize=(5 * len(told), 3.6), layout="constrained")
    for place, (name, one) in enumerate(told.items(), start=1):
        axes = figure.add_subplot(1, len(told), place)
        sweeps = one["sweeps"].values()
        counts = [sweep["cells"] for sweep in sweeps]
        seconds = [sweep["seconds"] for sweep in sweeps]
        for peer, label in (("reference", "the paper's way"), ("lm_eval", "lm-eval's model")):
            theirs = [sweep["seconds"] * sweep[f"over_{peer}"] for sweep in sweeps]
            axes.plot(counts, theirs, marker="o", label=label)
        axes.plot(counts, seconds, marker="o", label="ftbench")
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel("cells of a sweep")
        axes.set_ylabel("processor seconds, one thread")
        axes.set_title(name)
        axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
