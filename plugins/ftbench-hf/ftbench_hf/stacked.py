"""Many low-rank adapters over one base in one batch: each row is answered by its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How rows are brought into groups, and back."""

    gather: torch.Tensor
    """The row in each place; a small group is filled up with its own first row."""
    filled: torch.Tensor
    """The places that are not mere filling."""
    rows: torch.Tensor
    """The rows that these places are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The rows of a batch by adapter: [adapters, as many rows as the largest group has]."""

    adapters: torch.Tensor
    """Those that have rows."""
    order: Order | None
    """None where the batch is in this order already, and every group has as many rows."""

    @classmethod
    def of(cls, owners: Sequence[int | None], device: torch.device) -> Groups | None:
        """The groups of a batch whose rows belong to adapters, or to the base; None if to it."""
        members: dict[int, list[int]] = {}
        for row, owner in enumerate(owners):
            if owner is not None:
                members.setdefault(owner, []).append(row)
        if not members:
            return None
        present = sorted(members)
        adapters = torch.tensor(present, device=device)
        most = max(map(len, members.values()))
        in_order = [row for owner in present for row in members[owner]]
        if in_order == list(range(len(owners))) and len(in_order) == most * len(present):
            return cls(adapters=adapters, order=None)
        gather = [row for owner in present for row in _filled_up(members[owner], most)]
        filled = [
            place * most + number
            for place, owner in enumerate(present)
            for number in range(len(members[owner]))
        ]
        order = Order(
            gather=torch.tensor(gather, device=device),
            filled=torch.tensor(filled, device=device),
            rows=torch.tensor(in_order, device=device),
        )
        return cls(adapters=adapters, order=order)


def _filled_up(rows: Sequence[int], most: int) -> list[int]:
    return [*rows, *([rows[0]] * (most - len(rows)))]


class Overlay(ABC):
    """Changes what some linear layers of a network say, while it is attached."""

    def __init__(self, network: Any, layers: Iterable[str]) -> None:
        self._layers = {name: network.get_submodule(name) for name in layers}
        self.groups: Groups | None = None
        """Whose rows the next batch has; None where all are the base's."""

    @abstractmethod
    def change(self, name: str, groups: Groups, seen: Any, said: torch.Tensor) -> torch.Tensor:
        """What a layer says after [rows, tokens, in], instead of what it alone has said."""

    @contextmanager
    def attached(self) -> Iterator[None]:
        """While the network speaks with its adapters; it is restored at the end."""
        hooks = [
            layer.register_forward_hook(self._hook(name)) for name, layer in self._layers.items()
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, name: str) -> Any:
        def hook(_: Any, seen: tuple[torch.Tensor], said: torch.Tensor) -> torch.Tensor:
            return said if self.groups is None else self.change(name, self.groups, seen[0], said)

        return hook


class Stack(Overlay):
    """K trained adapters, which change what a network says for their rows alone.

    ``pairs`` has, by the name of a linear layer, the factors [K, rank, in] and [K, out, rank];
    the second includes the adapters' scaling.
    """

    def __init__(
        self, network: Any, pairs: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    ) -> None:
        super().__init__(network, pairs)
        self._pairs = dict(pairs)

    def route(self, owners: Sequence[int | None]) -> None:
        """Say to which adapter each row of the next batches belongs; None is the base."""
        device = next(iter(self._pairs.values()))[0].device
        self.groups = Groups.of(owners, device)

    def change(self, name: str, groups: Groups, seen: Any, said: torch.Tensor) -> torch.Tensor:
        """Each row as its own adapter has it."""
        down, up = self._pairs[name]
        if len(groups.adapters) < len(down):
            down, up = down[groups.adapters], up[groups.adapters]
        return changed(groups, seen, said, down, up)


def changed(
    groups: Groups, seen: torch.Tensor, said: torch.Tensor, down: torch.Tensor, up: torch.Tensor
) -> torch.Tensor:
    """``said`` [rows, tokens, out] with the adapters' part of ``seen`` [rows, tokens, in] added.

    ``down`` and ``up`` are the factors of the groups' adapters, in their order.
    """
    order = groups.order
    gathered = seen if order is None else seen.index_select(0, order.gather)
    by_adapter = gathered.reshape(len(down), -1, gathered.shape[-1]).to(down.dtype)
    part = torch.bmm(torch.bmm(by_adapter, down.transpose(1, 2)), up.transpose(1, 2))
    part = part.view(*gathered.shape[:-1], -1)
    if order is None:
        return (said + part).to(said.dtype)
    part = part.index_select(0, order.filled)
    if part.dtype == said.dtype and not torch.is_grad_enabled():
        return said.index_add_(0, order.rows, part)
    own = (said.index_select(0, order.rows) + part).to(said.dtype)
    return said.index_copy(0, order.rows, own)
