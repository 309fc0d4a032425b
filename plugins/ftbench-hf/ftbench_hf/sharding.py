"""How weights are spread over processes, with torch's FSDP2, and how they are whole again."""

from __future__ import annotations

from typing import Any

import torch

from .loading import Loaded, cast_weights


def shard(loaded: Loaded) -> None:
    """Leave each process of the group its share of a network, which lies in main memory.

    A layer is on the device as a whole only while it is computed, or cut. Every process must have
    the same weights. Gradients are summed in 32 bit and hold the mean over the processes.
    """
    import torch.distributed as dist  # noqa: PLC0415, slow to import
    from torch.distributed.device_mesh import init_device_mesh  # noqa: PLC0415, slow to import
    from torch.distributed.fsdp import (  # noqa: PLC0415, slow to import
        MixedPrecisionPolicy,
        fully_shard,
    )

    mesh = init_device_mesh(loaded.device.type, (dist.get_world_size(),))
    policy = MixedPrecisionPolicy(reduce_dtype=torch.float32)
    for module in (*_layers(loaded.network), loaded.network):
        left = [weight for weight in module.parameters() if not _is_share(weight)]
        cast_weights(left, loaded.arithmetic.training)
        fully_shard(module, mesh=mesh, mp_policy=policy)


def whole(tensor: Any) -> torch.Tensor:
    """A tensor of which this process may have a share only; then all have to ask for it at once.

    What had been a share is in main memory: on the device there may be no room for it.
    """
    found: torch.Tensor = tensor.full_tensor().cpu() if _is_share(tensor) else tensor
    return found


def share_of(value: torch.Tensor, weight: Any) -> torch.Tensor:
    """Of a whole tensor what this process has of a weight; then all have to ask for it at once."""
    if not _is_share(weight):
        return value
    from torch.distributed.tensor import distribute_tensor  # noqa: PLC0415, slow to import

    on_device = value.to(weight.device)
    return distribute_tensor(on_device, weight.device_mesh, weight.placements)


def _is_share(tensor: Any) -> bool:
    """Asked of the tensor, because to import its class takes a second."""
    return hasattr(tensor, "full_tensor")


def _layers(network: Any) -> list[Any]:
    """The decoder layers, as transformers names those that are never cut in two."""
    names = set(network._no_split_modules or ())
    return [module for module in network.modules() if type(module).__name__ in names]
