"""Many low-rank adapters over one base in one batch: each row is answered by its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The rows of a batch by adapter: [adapters, as many rows as the largest group has]."""

    adapters: torch.Tensor
    """Those that have rows."""
    gather: torch.Tensor | None
    """The row in each place; a small group is filled up with its own first row. None where the
    batch is in this order already, and full."""
    filled: torch.Tensor | None
    """The places that are not mere filling."""
    rows: torch.Tensor | None
    """The rows that these places are."""

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
            return cls(adapters=adapters, gather=None, filled=None, rows=None)
        gather = [row for owner in present for row in _filled_up(members[owner], most)]
        filled = [
            place * most + number
            for place, owner in enumerate(present)
            for number in range(len(members[owner]))
        ]
        return cls(
            adapters=adapters,
            gather=torch.tensor(gather, device=device),
            filled=torch.tensor(filled, device=device),
            rows=torch.tensor(in_order, device=device),
        )


def _filled_up(rows: Sequence[int], most: int) -> list[int]:
    return [*rows, *([rows[0]] * (most - len(rows)))]


class Stack:
    """K adapters, which change what the linear layers of a network say for their rows alone.

    ``pairs`` has, by the name of a linear layer, the factors [K, rank, in] and [K, out, rank];
    the second includes the adapters' scaling.
    """

    def __init__(
        self, network: Any, pairs: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    ) -> None:
        self._layers = {name: network.get_submodule(name) for name in pairs}
        self._pairs = dict(pairs)
        self.groups: Groups | None = None

    def route(self, owners: Sequence[int | None]) -> None:
        """Say to which adapter each row of the next batches belongs; None is the base."""
        device = next(iter(self._pairs.values()))[0].device
        self.groups = Groups.of(owners, device)

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
        def change(_: Any, seen: tuple[torch.Tensor], said: torch.Tensor) -> torch.Tensor:
            return self._changed(name, seen[0], said)

        return change

    def _changed(self, name: str, seen: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        """What a layer says of [rows, tokens, in], for each row with its own adapter."""
        groups = self.groups
        if groups is None:
            return said
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
    gathered = seen if groups.gather is None else seen[groups.gather]
    by_adapter = gathered.reshape(len(down), -1, gathered.shape[-1]).to(down.dtype)
    part = torch.bmm(torch.bmm(by_adapter, down.transpose(1, 2)), up.transpose(1, 2))
    part = part.view(*gathered.shape[:-1], -1)
    if groups.gather is None:
        return (said + part).to(said.dtype)
    part = part[groups.filled].to(said.dtype)
    return said.index_add(0, groups.rows, part)
