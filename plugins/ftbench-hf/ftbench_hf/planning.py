"""How many tokens and adapters a device's memory holds at once, reckoned before any is lost.

| what | bytes |
|---|---|
| keys and values of a token | 2 x layers x key-value heads x head size x bytes of a number |
| what attention copies of them | those of one layer, as often as query heads share a head |
| a token that is trained | 34 x layers x hidden size at 16 bit (Korthikanti et al. 2022), and logits |
| a low-rank adapter that is trained | 16 for each weight: itself, its gradient, AdamW's two moments; and 4 for the copy in a stack |

``docs/engines.md`` has the figures that this gives. Where it is wrong, memory runs out and the work
is halved, as without a plan.
"""  # noqa: E501, a table

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ftbench.methods import Lora

from .loading import Loaded

RESERVE = 0.08
"""The share of a card that is left to kernels, their workspace and fragments."""
PROMPT_TOKENS = 4096
"""The most tokens of prompts that are read at once, whose keys and values are there twice."""
_BYTES_ON_A_CPU = 5 << 28
"""Of keys and values, if all answers were as long as they may be: weights are read once for all
rows, but a CPU's memory is not the model's."""
_LEAST_ON_A_CPU = 4096
_MOST_ON_A_CPU = 81920
_RATED_ON_A_CPU = 16384
_SORTED_ON_A_CPU = 1024
"""In a pass of training whose rows are as long as each other: more would be padding."""
_ELSEWHERE = 65536
_MOST_TOKENS = 1 << 20
_MOST_RATED = 65536
_MOST_ADAPTERS = 64
_ADAPTERS = 16
"""Where nothing is reckoned."""
_ACTIVATIONS = 34
"""Bytes of a token, layer and hidden unit at 16 bit, with attention that keeps no matrix."""
_LOGITS = 12
"""Bytes of a token and word: 16 bit once and 32 bit twice, and the gradient."""
_PER_WEIGHT = 16 + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The memory of a device, in bytes."""

    free: int
    total: int

    @property
    def spare(self) -> float:
        """What may be planned with."""
        return max(0.0, self.free - RESERVE * self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of an architecture decides how much memory a token takes."""

    layers: int
    hidden: int
    heads: int
    key_value_heads: int
    head_size: int
    vocabulary: int
    itemsize: int
    """Bytes of a number, as the model answers and its activations are."""

    @classmethod
    def of(cls, network: Any) -> Shape:
        """Of a network, by its config."""
        config = network.config.get_text_config()
        heads = int(config.num_attention_heads)
        return cls(
            layers=int(config.num_hidden_layers),
            hidden=int(config.hidden_size),
            heads=heads,
            key_value_heads=int(getattr(config, "num_key_value_heads", None) or heads),
            head_size=int(getattr(config, "head_dim", None) or config.hidden_size // heads),
            vocabulary=int(config.vocab_size),
            itemsize=int(network.dtype.itemsize),
        )

    @property
    def remembered(self) -> int:
        """Bytes of the keys and values of one token."""
        return 2 * self.layers * self.key_value_heads * self.head_size * self.itemsize

    @property
    def copied(self) -> int:
        """Bytes that attention copies of them, layer by layer."""
        return 2 * self.heads * self.head_size * self.itemsize

    @property
    def rated(self) -> int:
        """Bytes of a token that is read once, logits included."""
        return 8 * self.hidden * self.itemsize + (self.itemsize + 8) * self.vocabulary

    @property
    def trained(self) -> int:
        """Bytes of a token from its forward to its backward pass, logits included."""
        return self.layers * self.hidden * _ACTIVATIONS * self.itemsize // 2 + (
            _LOGITS * self.vocabulary
        )


def tokens_that_fit(card: Card, bytes_each: float) -> int:
    """How many tokens, of prompts and answers, a card has room for beside what is on it."""
    return int(card.spare // bytes_each)


def answering_tokens(card: Card, shape: Shape) -> int:
    """The tokens that rows in flight may take together."""
    found = tokens_that_fit(card, shape.remembered + shape.copied) - PROMPT_TOKENS
    return min(max(found, 1), _MOST_TOKENS)


def rating_tokens(card: Card, shape: Shape) -> int:
    """The tokens of a batch whose likelihood is asked for."""
    return min(max(tokens_that_fit(card, shape.rated), 1), _MOST_RATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How adapters are trained side by side."""

    adapters: int
    tokens: int
    """The most padded tokens in a forward pass that several share."""


def training_plan(card: Card, shape: Shape, *, weights: int, least: int) -> Training:
    """As many adapters of so many weights as fit, and what is left for the tokens of a pass.

    At least ``least`` tokens, which is what a forward pass of one adapter may have.
    """
    room = card.spare - least * shape.trained
    adapters = min(max(int(room // (_PER_WEIGHT * max(weights, 1))), 1), _MOST_ADAPTERS)
    left = card.spare - adapters * _PER_WEIGHT * weights
    return Training(adapters=adapters, tokens=max(int(left // shape.trained), least))


def card_of(device: torch.device) -> Card | None:
    """The memory of a CUDA device; what torch holds and does not use is free. None elsewhere."""
    if device.type != "cuda":
        return None
    free, total = torch.cuda.mem_get_info(device)
    idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return Card(free=free + idle, total=total)


def planned_answering(loaded: Loaded) -> int:
    """The tokens in memory at once while a model answers."""
    card = card_of(loaded.device)
    if card is None:
        return _ELSEWHERE if loaded.device.type != "cpu" else _on_a_cpu(loaded)
    return answering_tokens(card, Shape.of(loaded.network))


def _on_a_cpu(loaded: Loaded) -> int:
    held = _BYTES_ON_A_CPU // Shape.of(loaded.network).remembered
    return min(max(held, _LEAST_ON_A_CPU), _MOST_ON_A_CPU)


def planned_rating(loaded: Loaded) -> int:
    """The tokens in memory at once while a model rates."""
    card = card_of(loaded.device)
    if card is None:
        return _RATED_ON_A_CPU if loaded.device.type == "cpu" else _ELSEWHERE
    return rating_tokens(card, Shape.of(loaded.network))


def planned_training(loaded: Loaded, method: Lora, *, least: int) -> Training:
    """How adapters of a method are trained side by side on a base."""
    card = card_of(loaded.device)
    if card is None:
        is_sorted = loaded.device.type == "cpu" and not method.dropout
        tokens = min(least, _SORTED_ON_A_CPU) if is_sorted else least
        return Training(adapters=_ADAPTERS, tokens=tokens)
    weights = adapter_weights(loaded.network, method)
    return training_plan(card, Shape.of(loaded.network), weights=weights, least=least)


def adapter_weights(network: Any, method: Lora) -> int:
    """How many weights an adapter has."""
    every = method.targets == ["all-linear"]
    out = network.get_output_embeddings()
    return sum(
        method.rank * (module.in_features + module.out_features)
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear)
        and module is not out
        and (every or name.rpartition(".")[2] in method.targets)
    )
