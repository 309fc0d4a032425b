"""The adapters that are trained side by side, in the forward pass that they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from .batches import Batch
from .packed import packed
from .slice import Slice
from .stacked import Groups, Overlay, changed

_DOWN, _UP = "lora_A.default.weight", "lora_B.default.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one adapter has in a forward pass: some of its batch."""

    number: int
    """Of the adapter."""
    part: Batch
    targets: int
    """The learned tokens of the whole batch, by which the loss is divided."""
    known: int = 0
    """Tokens with which all its rows begin, and which are read apart, once."""

    @property
    def width(self) -> int:
        """The tokens of its longest row."""
        return max(len(row.tokens) for row in self.part.rows)


class TrainingStack(Overlay):
    """Equal adapters with weights of their own, each seeing the dropout that it would see alone."""

    def __init__(
        self, network: Any, layers: Sequence[str], slices: Sequence[Slice], *, scaling: float
    ) -> None:
        """``layers`` are peft's, by their names in the network."""
        super().__init__(network, [f"{layer}.base_layer" for layer in layers])
        self._network = network
        self._slices = slices
        self._scaling = scaling
        self._dropout = {
            f"{layer}.base_layer": _dropout_of(network.get_submodule(layer)) for layer in layers
        }
        self._shares: Sequence[Share] = ()

    @contextmanager
    def attached(self) -> Iterator[None]:
        """While the network speaks with its adapters, and its own weights stay as they are."""
        with packed(self._network, is_training=True), super().attached():
            yield

    def share(self, shares: Sequence[Share], device: torch.device) -> None:
        """Say whose rows the next forward pass has."""
        self._shares = shares
        owners = [share.number for share in shares for _ in share.part.rows]
        self.groups = Groups.of(owners, device)

    def change(self, name: str, groups: Groups, seen: Any, said: torch.Tensor) -> torch.Tensor:
        """Each row as its own adapter has it."""
        layer = name.removesuffix(".base_layer")
        present = [self._slices[number] for number in groups.adapters.tolist()]
        down = torch.stack([one.weight(f"{layer}.{_DOWN}") for one in present])
        up = torch.stack([one.weight(f"{layer}.{_UP}") for one in present]) * self._scaling
        seen = seen.to(down.dtype)
        if self._dropout[name] > 0:
            seen = seen * self._kept(seen, 1 - self._dropout[name])
        return changed(groups, seen, said, down, up)

    def _kept(self, seen: torch.Tensor, share: float) -> torch.Tensor:
        """What dropout leaves of [rows, width, in]: for each adapter what it would draw alone."""
        kept = torch.ones_like(seen)
        row = 0
        for one in self._shares:
            rows = len(one.part.rows)
            drawn = seen.new_empty(rows, one.width, seen.shape[-1])
            drawn.bernoulli_(share, generator=self._slices[one.number].random)
            kept[row : row + rows, : one.width] = drawn.div_(share)
            row += rows
        return kept


def _dropout_of(layer: Any) -> float:
    return float(getattr(layer.lora_dropout["default"], "p", 0.0))
