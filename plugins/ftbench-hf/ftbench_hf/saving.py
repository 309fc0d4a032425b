"""Writes trained weights so that they are whole or absent, and plain transformers can load them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ftbench.records import Model

from .checkpoints import digest_of
from .durable import appearing
from .loading import Loaded, quiet
from .sharding import whole

_WHAT = "The trained model"
_SETS = ("target_modules", "exclude_modules", "modules_to_save")
"""The fields of an adapter's config whose order means nothing."""


def save_adapter(trained: Loaded, base: Model, folder: Path, *, facts: Mapping[str, Any]) -> Model:
    """Save the adapter of a network; returns the model it makes of the base."""
    trained.network.peft_config["default"].base_model_name_or_path = base.location
    # A card is for the hub, where tuned weights never go; writing one takes longer than the rest.
    trained.network.create_or_update_model_card = lambda *_: None
    with appearing(folder, what=_WHAT, facts=facts) as draft:
        trained.network.save_pretrained(draft, save_embedding_layers=False)
        _put_in_order(draft / "adapter_config.json")
    return adapter_at(folder, base)


def _put_in_order(path: Path) -> None:
    """Sort what peft keeps as sets: their order changes with every process, a digest must not."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    for name in _SETS:
        if isinstance(entries.get(name), list):
            entries[name] = sorted(entries[name])
    path.write_text(json.dumps(entries, indent=2, sort_keys=True), encoding="utf-8")


def save_whole(trained: Loaded, base: Model, folder: Path, *, facts: Mapping[str, Any]) -> Model:
    """Save all weights with tokenizer and chat template, in the dtype in which they answer."""
    dtype = trained.arithmetic.answering
    with appearing(folder, what=_WHAT, facts=facts) as draft, quiet():
        weights = _weights(trained.network, dtype)
        trained.network.save_pretrained(draft, state_dict=weights)
        trained.chat.tokenizer.save_pretrained(draft)
        _declare(draft / "config.json", dtype)
    return whole_at(folder, base)


def adapter_at(folder: Path, base: Model) -> Model:
    """The model that a saved adapter makes of its base: it is one only together with the base."""
    digest = f"{base.digest[:16]}-{digest_of(folder)}"
    return replace(base, location=str(folder), revision="", digest=digest, base=base)


def whole_at(folder: Path, base: Model) -> Model:
    """The model whose weights were saved, speaking as its base does."""
    return replace(base, location=str(folder), revision="", digest=digest_of(folder), base=None)


def _weights(network: Any, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The weights in another dtype; those that share memory still do."""
    cast: dict[int, torch.Tensor] = {}
    weights: dict[str, torch.Tensor] = {}
    for name, weight in network.state_dict(keep_vars=True).items():
        if id(weight) not in cast:
            value = whole(weight.detach())
            cast[id(weight)] = value.to(dtype) if value.is_floating_point() else value
        weights[name] = cast[id(weight)]
    return weights


def take_part_in_saving(network: Any) -> None:
    """Give one's own share of the weights to the process that calls ``save_whole`` meanwhile."""
    for weight in {id(each): each for each in network.state_dict(keep_vars=True).values()}.values():
        whole(weight.detach())


def _declare(config: Path, dtype: torch.dtype) -> None:
    entries = json.loads(config.read_text(encoding="utf-8"))
    entries["dtype"] = str(dtype).removeprefix("torch.")
    config.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
