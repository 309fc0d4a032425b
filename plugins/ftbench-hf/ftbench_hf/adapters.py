"""Adapters of every kind: made on a base, attached to it for a while, and taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from ftbench.errors import DataError, StorageError
from ftbench.records import Model
from ftbench.roles import Method

from .adapter_kinds import adapter_config, misfit
from .loading import Loaded, quiet
from .untrusted import Unreadable, refuse_unsafe_adapter


@contextmanager
def fresh_adapter(loaded: Loaded, method: Method, *, seed: int) -> Iterator[Loaded]:
    """The base with an untrained adapter drawn from the seed; the base is restored at the end.

    Raises:
        DataError: The model has not the layers that the method wants.
    """
    from peft import get_peft_model  # noqa: PLC0415, slow to import

    config = adapter_config(method, loaded.network)
    torch.manual_seed(seed)
    in_fp32 = loaded.arithmetic.adapter_in_fp32
    try:
        with quiet():
            network = get_peft_model(loaded.network, config, autocast_adapter_dtype=in_fp32)
    except ValueError as error:
        raise DataError(misfit(method)) from error
    try:
        yield replace(loaded, network=network)
    finally:
        _take_off(network)


@contextmanager
def attached(base: Loaded, adapter: Model) -> Iterator[Loaded]:
    """The base with a trained adapter; the base is restored at the end.

    Raises:
        DataError: The adapter's folder holds what could run code.
        StorageError: The adapter cannot be read, or changes nothing at all.
    """
    from peft import PeftModel  # noqa: PLC0415, slow to import

    try:
        refuse_unsafe_adapter(Path(adapter.location))
        with quiet():
            network = PeftModel.from_pretrained(base.network, adapter.location)
    except (Unreadable, OSError, ValueError, SafetensorError) as error:
        raise StorageError(
            f"The adapter in {adapter.location} cannot be read: {error}. Delete the folder and run "
            "the same command again to train it anew."
        ) from error
    try:
        network.eval()
        _check_it_speaks(base, network, adapter)
        yield replace(base, network=network)
    finally:
        _take_off(network)


@torch.inference_mode()
def _check_it_speaks(base: Loaded, network: Any, adapter: Model) -> None:
    """A trained adapter changes what the model says; one that does not was not attached."""
    tokens = torch.arange(min(8, base.context), device=base.device)[None]
    changed = network(input_ids=tokens).logits
    with network.disable_adapter():
        plain = network(input_ids=tokens).logits
    if torch.equal(changed, plain):
        raise StorageError(
            f"The adapter in {adapter.location} changes nothing: its weights were not trained or "
            "not attached. Delete the folder and run the same command again."
        )


def _take_off(network: Any) -> None:
    base = _bare(network)
    base.requires_grad_(True)
    if hasattr(base, "peft_config"):
        del base.peft_config
    base.eval()


def _bare(network: Any) -> Any:
    """The network without its adapter, as its kind lets go of it."""
    if network.active_peft_config.is_prompt_learning:
        return network.get_base_model()
    if hasattr(network.base_model, "unload"):
        return network.unload()
    network.base_model.disable_adapter_layers()
    return network.base_model.model
