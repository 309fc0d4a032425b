"""Loads models: the base once, kept while this process lives, and others as they are asked."""

from __future__ import annotations

import copy
import warnings
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging

from ftbench.errors import DataError
from ftbench.records import Model

from .chat import Chat
from .checkpoints import is_folder
from .memory import enough_memory, free_memory
from .precision import Arithmetic, Precision, arithmetic
from .untrusted import refuse_unsafe

_NO_LIMIT = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What turns text into tokens for a model, without its weights."""

    chat: Chat
    context: int
    """The most tokens that prompt and answer may have together."""
    stored: torch.dtype
    """The dtype its checkpoint declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model in memory with all that is needed to talk to it."""

    network: Any
    """A transformers causal language model, in evaluation mode."""
    chat: Chat
    context: int
    """The most tokens that prompt and answer may have together."""
    arithmetic: Arithmetic

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.arithmetic.device
        return device

    @property
    def padding(self) -> int:
        """A token for places that are masked."""
        tokenizer = self.chat.tokenizer
        known = (tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
        return next(int(token) for token in known if token is not None)


def load_tokenizer(model: Model) -> Any:
    """The tokenizer of a model, without running code of its own.

    Raises:
        DataError: It cannot be read.
    """
    try:
        return AutoTokenizer.from_pretrained(
            model.location, revision=model.revision or None, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"The tokenizer of {model.location} cannot be read: {reason}") from error


def load_reader(model: Model, kind: type[Chat] = Chat) -> Reader:
    """The tokenizer, template and limits of a model, which is spoken to in one kind of chat."""
    config = AutoConfig.from_pretrained(
        model.location, revision=model.revision or None, trust_remote_code=False
    )
    text_config = config.get_text_config()
    return Reader(
        chat=kind(load_tokenizer(model), end_tokens=_declared_ends(model)),
        context=int(getattr(text_config, "max_position_embeddings", None) or _NO_LIMIT),
        stored=config.dtype or getattr(text_config, "dtype", None) or torch.float32,
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and the advice to developers, which would tear the live view."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        if shown:
            logging.enable_progress_bar()


class Residence:
    """The models in memory: one base, and one fully fine-tuned model beside it."""

    def __init__(self, *, device: torch.device, precision: Precision) -> None:
        self.device = device
        self.precision = precision
        self._loaded: dict[str, Loaded] = {}
        self._readers: dict[str, Reader] = {}

    def reader(self, model: Model) -> Reader:
        """How to turn text into tokens for a model; an adapter reads as its base does."""
        if model.base is not None:
            return self.reader(model.base)
        if model.digest not in self._readers:
            self._readers[model.digest] = load_reader(model)
        return self._readers[model.digest]

    def base(self, model: Model) -> Loaded:
        """A model with weights of its own, loaded once and kept."""
        if model.digest not in self._loaded:
            while len(self._loaded) > 1:
                self._loaded.pop(next(reversed(self._loaded)))
            self._loaded[model.digest] = self._load(model)
        self._send_away(other for digest, other in self._loaded.items() if digest != model.digest)
        loaded = self._loaded[model.digest]
        with enough_memory(lambda: too_large(model, self.device)):
            loaded.network.to(self.device)
        return loaded

    def arithmetic(self, model: Model) -> Arithmetic:
        """In which precision a model is trained and answers."""
        return arithmetic(self.precision, device=self.device, stored=self.reader(model).stored)

    def copy_to_train(self, model: Model) -> Loaded:
        """A copy whose every weight may be changed; the base leaves the device meanwhile."""
        loaded = self.base(model)
        self._send_away(self._loaded.values())
        with enough_memory(lambda: too_large(model, self.device)):
            network = copy.deepcopy(loaded.network).to(self.device)
            cast_weights(network.parameters(), loaded.arithmetic.training)
        network.requires_grad_(True)
        return replace(loaded, network=network)

    def in_main_memory(self, model: Model) -> Loaded:
        """A model just loaded and not kept, whose every weight may be changed; on no device yet."""
        loaded = self._load(model)
        loaded.network.requires_grad_(True)
        return loaded

    def leave_device(self) -> None:
        """Make room on the device for other processes; the models wait in main memory."""
        self._send_away(self._loaded.values())

    def release(self) -> None:
        """Forget every model and free the device."""
        networks = [weakref.ref(loaded.network) for loaded in self._loaded.values()]
        self._loaded.clear()
        if self.device.type != "cpu" or any(network() is not None for network in networks):
            free_memory()

    def _send_away(self, others: Iterable[Loaded]) -> None:
        if self.device.type == "cpu":
            return
        for other in others:
            other.network.to("cpu")
        free_memory()

    def _load(self, model: Model) -> Loaded:
        if is_folder(
            model.location
        ):  # it may lie in a run or in the cache, and be another's by now
            refuse_unsafe(Path(model.location))
        reader, exact = self.reader(model), self.arithmetic(model)
        with quiet(), enough_memory(lambda: too_large(model, self.device)):
            network = AutoModelForCausalLM.from_pretrained(
                model.location,
                revision=model.revision or None,
                dtype=exact.answering,
                use_safetensors=True,
                trust_remote_code=False,
            )
        _neutralise(network, reader.chat)
        network.eval()
        return Loaded(network=network, chat=reader.chat, context=reader.context, arithmetic=exact)


def cast_weights(weights: Iterable[torch.nn.Parameter], dtype: torch.dtype) -> None:
    """Give weights another dtype, and no buffer: the angles of positions stay exact.

    They are exact in a model that answers, whatever the dtype of its weights.
    """
    for weight in weights:
        weight.data = weight.data.to(dtype)


def _neutralise(network: Any, chat: Chat) -> None:
    """Keep nothing of a generation config but the tokens that end an answer."""
    tokenizer = chat.tokenizer
    network.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=sorted(chat.end_tokens),
        pad_token_id=tokenizer.pad_token_id,
    )


def _declared_ends(model: Model) -> tuple[int, ...]:
    if is_folder(model.location) and not (Path(model.location) / "generation_config.json").exists():
        return ()
    try:
        declared = GenerationConfig.from_pretrained(
            model.location, revision=model.revision or "main"
        ).eos_token_id
    except OSError:
        return ()
    if declared is None:
        return ()
    return tuple(declared) if isinstance(declared, list) else (int(declared),)


def too_large(model: Model, device: torch.device) -> str:
    """What a user is told when a device cannot hold a model."""
    return (
        f"The model {model.location} does not fit into the memory of {device}. "
        "Choose a smaller model or a larger device; the same command then goes on."
    )
