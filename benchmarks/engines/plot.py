"""The seconds of sweeps of every size, ours beside what the peers' cells add up to."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

_PEERS = {"reference": "the paper's way", "hflm": "lm-eval's model"}


def draw(told: dict[str, Any], path: Path) -> None:
    """One panel for each world: seconds by cells, both in logarithms."""
    figure = Figure(figsize=(5 * len(told), 3.6), layout="constrained")
    for place, (name, one) in enumerate(told.items(), start=1):
        axes = figure.add_subplot(1, len(told), place)
        first, sweeps = one["one_cell"], list(one["sweeps"].values())
        counts = [1, *(sweep["cells"] for sweep in sweeps)]
        for peer, label in _PEERS.items():
            theirs = [first["seconds"][peer], *(s["seconds"] * s["over"][peer] for s in sweeps)]
            axes.plot(counts, theirs, marker="o", label=label)
        ours = [first["seconds"]["ours"], *(sweep["seconds"] for sweep in sweeps)]
        axes.plot(counts, ours, marker="o", label="ftbench")
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.set_xlabel("cells of a sweep")
        axes.set_ylabel("processor seconds, one thread")
        axes.set_title(name)
        axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
