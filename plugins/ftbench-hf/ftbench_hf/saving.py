"""Writes trained weights so that they are whole or absent, and plain transformers can load them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ftbench.errors import StorageError
from ftbench.records import Model

from .checkpoints import digest_of
from .loading import Loaded, quiet


def save_adapter(trained: Loaded, base: Model, folder: Path) -> Model:
    """Save the adapter of a network; returns the model it makes of the base."""
    trained.network.peft_config["default"].base_model_name_or_path = base.location
    with _appearing(folder) as draft:
        trained.network.save_pretrained(draft, save_embedding_layers=False)
    return replace(base, location=str(folder), revision="", digest=_joined(base, folder), base=base)


def save_whole(trained: Loaded, base: Model, folder: Path) -> Model:
    """Save all weights with tokenizer and chat template, in the dtype in which they answer."""
    dtype = trained.arithmetic.answering
    with _appearing(folder) as draft, quiet():
        weights = _weights(trained.network, dtype)
        trained.network.save_pretrained(draft, state_dict=weights)
        trained.chat.tokenizer.save_pretrained(draft)
        _declare(draft / "config.json", dtype)
    return replace(base, location=str(folder), revision="", digest=digest_of(folder), base=None)


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A draft folder that takes its place, durably, once it is complete.

    Raises:
        StorageError: It cannot be written.
    """
    draft = folder.with_name(f".{folder.name}.partial")
    try:
        for leftover in (draft, folder):
            if leftover.exists():
                shutil.rmtree(leftover)
        draft.mkdir(parents=True)
        yield draft
        for path in (*draft.iterdir(), draft):
            _sync(path)
        draft.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise StorageError(
            f"The trained weights cannot be written to {folder}: {error.strerror or error}. "
            "Free some space and run the same command again."
        ) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _joined(base: Model, folder: Path) -> str:
    """An adapter is a model only together with its base."""
    return f"{base.digest[:16]}-{digest_of(folder)}"


def _weights(network: Any, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The weights in another dtype; those that share memory still do."""
    cast: dict[int, torch.Tensor] = {}
    weights: dict[str, torch.Tensor] = {}
    for name, weight in network.state_dict().items():
        if weight.data_ptr() not in cast:
            cast[weight.data_ptr()] = weight.to(dtype) if weight.is_floating_point() else weight
        weights[name] = cast[weight.data_ptr()]
    return weights


def _declare(config: Path, dtype: torch.dtype) -> None:
    entries = json.loads(config.read_text(encoding="utf-8"))
    entries["dtype"] = str(dtype).removeprefix("torch.")
    config.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
