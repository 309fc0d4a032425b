"""Whether the disk has room for a training's checkpoints and models, before it begins."""

import shutil
from pathlib import Path
from typing import Any

from ftbench.errors import StorageError

from .memory import in_words

_MARGIN = 1.05
_LEAST = 1 << 24
"""Bytes for configs, tokenizers and the ledger."""


def check_space(
    folder: Path, network: Any, *, models: int, answering: Any, checkpoints: bool
) -> None:
    """Refuse a training whose files would not fit.

    Two checkpoints hold the trained weights and the optimizer's two moments; ``models`` whole
    models are kept in the dtype ``answering``, adapters as they are.

    Raises:
        StorageError: There is too little space.
    """
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    one = sum(weight.numel() * weight.element_size() for weight in trained)
    is_whole = len(trained) == len(list(network.parameters()))
    kept = sum(weight.numel() for weight in trained) * answering.itemsize if is_whole else one
    states = 2 * 3 * one if checkpoints else 0
    needed = int((models * kept + states) * _MARGIN) + _LEAST
    free = shutil.disk_usage(_existing(folder)).free + _present(folder)
    if free >= needed:
        return
    without = (
        " Free some space, or set backend.checkpoint_seconds=null to train without checkpoints."
        if checkpoints
        else " Free some space, or keep fewer epochs."
    )
    raise StorageError(
        f"Training may write {in_words(needed)} to {folder}: {models} models of {in_words(kept)} "
        f"and {in_words(states)} of checkpoints; {in_words(free)} are free.{without}"
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _present(folder: Path) -> int:
    """What an earlier attempt has written, which this one replaces."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
