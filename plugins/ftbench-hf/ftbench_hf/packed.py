"""Which linear layers multiply with weights laid out for the processor while a network answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

_LEAST_WEIGHTS = 200_000
"""Of a layer; below, what a call costs is more than what it saves."""
_MOST_BYTES = 2 << 30
"""Of all layers together: they are in memory twice meanwhile."""


@contextmanager
def packed(network: Any) -> Iterator[None]:
    """While large layers in 32 bit on a CPU keep a copy of their weights in oneDNN's own order.

    With a few rows at once, as answering has them, MKL first lays the weights out anew in every
    product. The weights must not change meanwhile; with gradients the layers are as they were.
    """
    layers = _layers(network)
    for layer in layers:
        layer.forward = _with_packed_weight(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _layers(network: Any) -> list[Any]:
    """Those that gain; none where a copy of them would take much memory."""
    found = [
        layer
        for layer in network.modules()
        if type(layer) is torch.nn.Linear
        and layer.weight.numel() >= _LEAST_WEIGHTS
        and layer.weight.dtype is torch.float32
        and layer.weight.device.type == "cpu"
        and "forward" not in vars(layer)
    ]
    is_affordable = sum(layer.weight.nbytes for layer in found) <= _MOST_BYTES
    return found if is_affordable and torch.backends.mkldnn.is_available() else []


def _with_packed_weight(layer: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    operators, plain = torch.ops.mkldnn, layer.forward
    weight = operators._reorder_linear_weight(layer.weight.detach())
    product = operators._linear_pointwise.default

    def forward(seen: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() or seen.dtype is not torch.float32:
            found: torch.Tensor = plain(seen)
            return found
        said: torch.Tensor = product(seen, weight, layer.bias, "none", [], "")
        return said

    return forward
