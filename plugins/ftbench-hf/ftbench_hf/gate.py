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
from datetime import timedelta
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
        self._group: Any = None
        self.checked: list[tuple[int, Checked]] = []
        """Each step with what was found; the last is the one that stopped the training."""

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Have the gate decide over the checkpoint that was just written.

        Of several processes the first one checks, and all of them do what it says.
        """
        said = "the first process failed"
        try:
            if state.is_world_process_zero:
                said = self._decision(args, state, kwargs)
        finally:
            said = self._heard_from_the_first(said)
        if said not in ("pass", "warn", "fail"):
            raise GateFailed(f"Step {state.global_step} could not be checked: {said}")
        if said == "fail":
            control.should_training_stop = True
            if self._raises:
                raise GateFailed(f"The gate failed at step {state.global_step}.")
        return control

    def _decision(self, args: Any, state: Any, kwargs: Any) -> str:
        """What the gate decides of the last checkpoint, or what keeps it from that."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        tokenizer = kwargs.get("processing_class") or kwargs.get("tokenizer")
        with _as_model(folder, tokenizer) as model, _loggers_kept():
            found = ftbench.check(self._path, *self._words, tuned=str(model), quick=self._quick)
        gc.collect()
        if found.gate is None:
            return found.result.failure
        self.checked.append((state.global_step, found))
        _tell(found, state.global_step)
        return found.gate.decision

    def _heard_from_the_first(self, said: str) -> str:
        """The first process's words on every process; alone, what was said.

        A check takes longer than a broadcast of weights may: the group has its own patience.
        """
        from torch import distributed  # noqa: PLC0415, slow to import

        if not (distributed.is_available() and distributed.is_initialized()):
            return said
        if self._group is None:
            self._group = distributed.new_group(backend="gloo", timeout=timedelta(days=7))
        heard = [said]
        distributed.broadcast_object_list(heard, src=0, group=self._group)
        return heard[0]


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
