"""What a CUDA device takes for a model of Llama 2 7B's shape, beside what it can do at best.

330 prompts of 190 tokens, 150 of them shared, and answers of 512: one by one, and by each engine;
adapters merged and beside each other; training of adapters beside each other. The weights are
random, made on the device. Parts may be measured one at a time; each is kept when it is over.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

os.environ.update(OMP_WAIT_POLICY="PASSIVE", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch  # noqa: E402
from engines.card import Card  # noqa: E402
from engines.card_table import show  # noqa: E402
from engines.card_world import Study, card_world  # noqa: E402
from engines.ceilings import of_a_card  # noqa: E402
from engines.random_llama import Sizes  # noqa: E402
from engines.world import World  # noqa: E402
from rich.console import Console  # noqa: E402
from transformers.utils import logging  # noqa: E402

from ftbench_hf.engine import Engine  # noqa: E402
from ftbench_hf.precision import find_device  # noqa: E402

RESULTS = Path(__file__).parent / "results"
PARTS = ("answering", "adapters", "training")
NO_CARD = "No CUDA device is here: nothing is measured. With --device=cpu and small sizes it runs."


SIZES = {
    "hidden": 4096,
    "inner": 11008,
    "layers": 32,
    "heads": 32,
    "words": 31996,
    "prompts": 330,
    "shared": 150,
    "asked": 40,
    "max_tokens": 512,
}
"""Llama 2 7B, and what a study asks (docs/performance.md)."""


class Bench:
    """A device, its ceilings, and a world of the sizes that were asked for."""

    def __init__(self, chosen: argparse.Namespace, folder: Path) -> None:
        self._chosen = chosen
        self._device = find_device(chosen.device)
        self._is_card = self._device.type == "cuda"
        self._dtype = torch.bfloat16 if self._is_card else torch.float32
        self._machine = of_a_card(
            self._device, self._dtype, side=chosen.side, megabytes=chosen.megabytes
        )
        self._card = Card(self._world(folder), self._device, self._machine)

    @property
    def told(self) -> dict[str, Any]:
        """Where it was measured, and what of."""
        return {
            "device": torch.cuda.get_device_name(self._device) if self._is_card else "cpu",
            "torch": torch.__version__,
            "sizes": {name: getattr(self._chosen, name) for name in SIZES},
            "teraoperations_a_second": round(self._machine.operations / 1e12, 3),
            "gigabytes_a_second": round(self._machine.bandwidth / 1e9, 1),
        }

    def part(self, name: str) -> dict[str, Any]:
        """One of the parts."""
        chosen, card = self._chosen, self._card
        if name == "answering":
            return card.engines([Engine(one) for one in chosen.engines], chosen.one_by_one)
        if name == "adapters":
            return {str(count): card.adapters(count) for count in chosen.adapters}
        return {
            f"{count} x {size}": card.training(count, size, chosen.epochs)
            for size in chosen.batch_sizes
            for count in chosen.trained
        }

    def _world(self, folder: Path) -> World:
        chosen = self._chosen
        sizes = Sizes(
            hidden=chosen.hidden,
            inner=chosen.inner,
            layers=chosen.layers,
            heads=chosen.heads,
            dtype=self._dtype,
            deviation=chosen.deviation,
        )
        study = Study(
            prompts=chosen.prompts,
            shared=chosen.shared,
            asked=chosen.asked,
            max_tokens=chosen.max_tokens,
        )
        device = str(self._device)
        return card_world(folder / "model", sizes, chosen.words, study, device=device)


def known(out: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Parts that were measured before, of the same sizes on the same kind of device."""
    if not out.exists():
        return {}
    before: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    is_same = all(before.get(name) == told[name] for name in ("device", "torch", "sizes"))
    return {name: before[name] for name in PARTS if is_same and name in before}


def words() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, size in SIZES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=size)
    parser.add_argument("--deviation", type=float, default=0.02, help="of the random weights")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument(
        "--engines",
        choices=[one.value for one in Engine if one is not Engine.auto],
        nargs="+",
        default=["batches", "continuous", "in_flight"],
    )
    parser.add_argument("--one-by-one", type=int, default=2, help="prompts that count as all")
    parser.add_argument("--adapters", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--trained", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 2, 10])
    parser.add_argument("--epochs", type=int, default=4, help="of a training, beside a first one")
    parser.add_argument("--side", type=int, default=8192, help="of the matrices of the ceiling")
    parser.add_argument("--megabytes", type=int, default=2048, help="copied for the ceiling")
    parser.add_argument("--out", type=Path, default=RESULTS / "card.json")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and keep the figures in ``benchmarks/results``."""
    chosen = words()
    if chosen.device.startswith("cuda") and not torch.cuda.is_available():
        print(NO_CARD)
        return
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(chosen, Path(folder))
        told = {**bench.told, **known(chosen.out, bench.told)}
        for name in chosen.parts:
            told[name] = bench.part(name)
            # What comes next may not fit.
            chosen.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    show(told, Console(width=100))


if __name__ == "__main__":
    main()
