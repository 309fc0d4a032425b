"""One adapter of many that are trained side by side, as a trainer sees it when it is alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

MARK = "lora_"
"""In the name of every weight that such an adapter trains."""


class Slice:
    """The weights of one adapter by peft's names, and random numbers of its own.

    ``random`` goes on from where drawing the weights left torch's, so that dropout draws what it
    would draw if this adapter were trained alone.
    """

    def __init__(self, network: Any, device: torch.device) -> None:
        """Taken from a network whose adapter was just drawn."""
        self._device = device
        self._weights = {
            name: torch.nn.Parameter(weight.detach().clone())
            for name, weight in network.named_parameters()
            if MARK in name
        }
        self.random = torch.Generator(device)
        self.random.set_state(_state(device))

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """In the order of the network."""
        yield from self._weights.items()

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """In the order of the network."""
        yield from self._weights.values()

    def weight(self, name: str) -> torch.nn.Parameter:
        """One weight."""
        return self._weights[name]

    def train(self) -> None:
        """The network trains while any of them does."""

    def eval(self) -> None:
        """The network is asked when none of them trains any more."""

    @torch.no_grad()
    def put_into(self, network: Any) -> None:
        """Give the network's adapter these weights, so that it can be saved."""
        weights: Mapping[str, torch.Tensor] = dict(network.named_parameters())
        for name, weight in self._weights.items():
            weights[name].copy_(weight)

    @contextmanager
    def own_randomness(self) -> Iterator[None]:
        """While what is done draws from torch's random numbers, and saves or restores them."""
        before = _state(self._device)
        _set_state(self._device, self.random.get_state())
        try:
            yield
        finally:
            self.random.set_state(_state(self._device))
            _set_state(self._device, before)


def _state(device: torch.device) -> torch.Tensor:
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    return torch.get_rng_state()


def _set_state(device: torch.device, state: torch.Tensor) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
