"""Trained adapters read from their folders, to answer side by side over one base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from ftbench.errors import StorageError
from ftbench.records import Model

from .loading import Loaded
from .stacked import Stack
from .untrusted import Unreadable, refuse_unsafe_adapter

_WEIGHTS = "adapter_model.safetensors"
_BEFORE = "base_model.model."
_PLAIN: Mapping[str, Any] = {
    "peft_type": "LORA",
    "bias": "none",
    "use_dora": False,
    "use_qalora": False,
    "fan_in_fan_out": False,
    "lora_bias": False,
}
"""What a config says of an adapter that only adds a low-rank product to linear layers."""
_ABSENT = (
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "target_parameters",
    "layer_replication",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Factors:
    down: torch.Tensor
    up: torch.Tensor


def plain_rank(adapter: Model) -> int | None:
    """The rank of an adapter that only adds a low-rank product to layers; None for any other.

    Raises:
        StorageError: It cannot be read, or holds what could run code.
    """
    config = _config(adapter)
    is_plain = all(config.get(name, value) == value for name, value in _PLAIN.items())
    if not is_plain or any(config.get(name) for name in _ABSENT):
        return None
    return int(config["r"])


def stands_beside_others(base: Loaded, adapter: Model) -> bool:
    """Whether an adapter is one that a stack can hold: plain LoRA of linear layers.

    Raises:
        StorageError: It cannot be read, or holds what could run code.
    """
    if plain_rank(adapter) is None:
        return False
    modules = dict(base.network.named_modules())
    return all(type(modules.get(name)) is torch.nn.Linear for name in _factors(adapter))


def stack_of(base: Loaded, adapters: Sequence[Model]) -> Stack:
    """The adapters of one base as a stack, numbered in their order; smaller ranks are filled up.

    Raises:
        StorageError: One of them changes nothing: it was not trained.
    """
    each = [_trained_factors(adapter) for adapter in adapters]
    names = sorted({name for factors in each for name in factors})
    return Stack(base.network, {name: _pair(base, name, each) for name in names})


def refuse_untrained(adapter: Model) -> None:
    """Refuse an adapter that would answer as its base does.

    Raises:
        StorageError: It changes nothing, or cannot be read.
    """
    _trained_factors(adapter)


def _trained_factors(adapter: Model) -> dict[str, _Factors]:
    factors = _factors(adapter)
    if not any(bool(one.up.any()) and bool(one.down.any()) for one in factors.values()):
        raise StorageError(
            f"The adapter in {adapter.location} changes nothing: its weights were not trained. "
            "Delete the folder and run the same command again."
        )
    return factors


def _pair(
    base: Loaded, name: str, each: Sequence[Mapping[str, _Factors]]
) -> tuple[torch.Tensor, torch.Tensor]:
    layer = base.network.get_submodule(name)
    rank = max(one[name].down.shape[0] for one in each if name in one)
    dtype = torch.promote_types(layer.weight.dtype, torch.float32)
    down = torch.zeros(len(each), rank, layer.in_features, dtype=dtype)
    up = torch.zeros(len(each), layer.out_features, rank, dtype=dtype)
    for place, factors in enumerate(each):
        if one := factors.get(name):
            down[place, : one.down.shape[0]] = one.down
            up[place, :, : one.up.shape[1]] = one.up
    return down.to(base.device), up.to(base.device)


def _config(adapter: Model) -> dict[str, Any]:
    from peft import PeftConfig  # noqa: PLC0415, slow to import

    try:
        refuse_unsafe_adapter(Path(adapter.location))
        return dict(PeftConfig.from_pretrained(adapter.location).to_dict())
    except (Unreadable, OSError, ValueError) as error:
        raise _unreadable(adapter, error) from error


def _factors(adapter: Model) -> dict[str, _Factors]:
    """The two factors of each layer, scaling included; whatever else the file has is an error."""
    config = _config(adapter)
    rank = int(config["r"])
    scaling = config["lora_alpha"] / (rank**0.5 if config.get("use_rslora") else rank)
    try:
        weights = load_file(Path(adapter.location) / _WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise _unreadable(adapter, error) from error
    kind = torch.promote_types(next(iter(weights.values())).dtype, torch.float32)
    layers = {name.removeprefix(_BEFORE).rsplit(".lora_", 1)[0] for name in weights}
    try:
        factors = {
            layer: _Factors(
                down=weights.pop(f"{_BEFORE}{layer}.lora_A.weight").to(kind),
                up=weights.pop(f"{_BEFORE}{layer}.lora_B.weight").to(kind) * scaling,
            )
            for layer in sorted(layers)
        }
    except KeyError as error:
        raise _unreadable(adapter, error) from error
    if weights:
        raise _unreadable(adapter, ValueError(f"{min(weights)} belongs to no layer"))
    return factors


def _unreadable(adapter: Model, error: Exception) -> StorageError:
    return StorageError(
        f"The adapter in {adapter.location} cannot be read: {error}. Delete the folder and run "
        "the same command again to train it anew."
    )
