"""Which linear layers multiply with weights laid out for the processor for the time being."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_LEAST_WEIGHTS = 20_000
"""Of a layer; below, what a call costs is more than what it saves."""
_MOST_BYTES = 2 << 30
"""Of the copies of all layers together."""


@contextmanager
def packed(network: Any, *, is_training: bool = False) -> Iterator[None]:
    """While all but tiny layers in 32 bit on a CPU keep their weights in oneDNN's own order too.

    Otherwise MKL lays the weights out anew in every product, which costs most where rows are few.
    Weights must not change meanwhile; in training those that may change are left as they are.
    """
    layers = _layers(network, is_training=is_training)
    for layer in layers:
        layer.forward = _Packed(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _layers(network: Any, *, is_training: bool) -> list[Any]:
    """Those that gain; none where copies of them would take much memory."""
    found = [
        layer
        for layer in network.modules()
        if type(layer) is torch.nn.Linear
        and layer.weight.numel() >= _LEAST_WEIGHTS
        and layer.weight.dtype is torch.float32
        and layer.weight.device.type == "cpu"
        and not (is_training and layer.weight.requires_grad)
        and "forward" not in vars(layer)
    ]
    copied = sum(layer.weight.nbytes for layer in found) * (2 if is_training else 1)
    return found if copied <= _MOST_BYTES and torch.backends.mkldnn.is_available() else []


class _Packed:
    """A layer's product, forwards and, for what is trained before it, backwards."""

    def __init__(self, layer: Any) -> None:
        self._plain = layer.forward
        self._weight, self._bias = layer.weight.detach(), layer.bias
        self._is_trained = any(one.requires_grad for one in layer.parameters())
        self._ahead = _reordered(self._weight)
        self._back: Any = None

    def __call__(self, seen: torch.Tensor) -> torch.Tensor:
        is_followed = torch.is_grad_enabled() and (seen.requires_grad or self._is_trained)
        if seen.dtype is not torch.float32 or (is_followed and self._is_trained):
            plain: torch.Tensor = self._plain(seen)
            return plain
        if is_followed:
            followed: torch.Tensor = _Followed.apply(seen, self)  # type: ignore[no-untyped-call]
            return followed
        return self.ahead(seen)

    def ahead(self, seen: torch.Tensor) -> torch.Tensor:
        """What the layer says."""
        return _product(seen, self._ahead, self._bias)

    def back(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient of what it saw."""
        if self._back is None:
            self._back = _reordered(self._weight.t().contiguous())
        return _product(gradient, self._back, None)


class _Followed(torch.autograd.Function):
    """A product with a weight that is not trained."""

    @staticmethod
    def forward(context: Any, seen: torch.Tensor, layer: _Packed) -> torch.Tensor:
        context.layer = layer
        return layer.ahead(seen)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return context.layer.back(gradient), None


def _reordered(weight: torch.Tensor) -> Any:
    return torch.ops.mkldnn._reorder_linear_weight(weight)


def _product(seen: torch.Tensor, weight: Any, bias: torch.Tensor | None) -> torch.Tensor:
    said: torch.Tensor = torch.ops.mkldnn._linear_pointwise.default(
        seen, weight, bias, "none", [], ""
    )
    return said
