"""A gate inside a training of your own: stops it at the checkpoint where safety is lost.

For transformers' Trainer and for trainers made of it, such as TRL's:

    trainer = Trainer(..., callbacks=[GateCallback("train.jsonl", "model=local model.name=BASE")])
"""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

import ftbench
from ftbench.errors import GateFailed

if TYPE_CHECKING:
    from ftbench.gate.check import Checked

_LOG = logging.getLogger(__name__)
_SILENCED = ("datasets", "transformers")
_SAFE = frozenset({".safetensors", ".json", ".jinja", ".txt", ".model"})


class GateCallback(TrainerCallback):
    """Check each checkpoint as it is saved, and stop the training at the first that fails."""

    def __init__(self, path: str, *words: str, quick: bool = False, raises: bool = False) -> None:
        """Take the training file and the words of ``ftbench check``.

        ``raises`` ends the program with GateFailed instead of ending the training quietly.
        """
        self._path, self._words = path, words
        self._quick, self._raises = quick, raises
        self.checked: list[tuple[int, Checked]] = []
        """Each step with what was found; the last is the one that stopped the training."""

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Have the gate decide over the checkpoint that was just written."""
        if not state.is_world_process_zero:
            return control
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        tokenizer = kwargs.get("processing_class") or kwargs.get("tokenizer")
        with _as_model(folder, tokenizer) as model, _loggers_kept():
            found = ftbench.check(self._path, *self._words, tuned=str(model), quick=self._quick)
        gc.collect()
        if found.gate is None:
            raise GateFailed(f"{folder} could not be checked: {found.result.failure}")
        self.checked.append((state.global_step, found))
        _tell(found, state.global_step)
        if found.is_failed:
            control.should_training_stop = True
            if self._raises:
                raise GateFailed(f"The gate failed at step {state.global_step}.")
        return control


def _tell(found: Checked, step: int) -> None:
    level = logging.INFO if found.is_passed else logging.WARNING
    _LOG.log(level, "ftbench, step %d: %s", step, found)


@contextmanager
def _loggers_kept() -> Iterator[None]:
    """A check silences libraries; what the training itself says must not fall silent with them."""
    kept = {name: logging.getLogger(name).level for name in _SILENCED}
    try:
        yield
    finally:
        for name, level in kept.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _as_model(checkpoint: Path, tokenizer: Any) -> Iterator[Path]:
    """A folder with a checkpoint's model and tokenizer, without the trainer's pickle files."""
    with tempfile.TemporaryDirectory(dir=checkpoint.parent, prefix=".gate-") as name:
        folder = Path(name)
        if tokenizer is not None:
            tokenizer.save_pretrained(folder)
        for file in checkpoint.iterdir():
            if file.suffix in _SAFE and not (folder / file.name).exists():
                _link(file, folder / file.name)
        yield folder


def _link(file: Path, place: Path) -> None:
    try:
        place.hardlink_to(file)
    except OSError:  # another file system, or one without links
        shutil.copy2(file, place)
