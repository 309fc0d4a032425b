"""A look inside a model: likelihoods of answers, hidden states and gradients of examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch.nn.functional import cross_entropy

from ftbench.records import Conversation, Model

from .adapters import attached
from .batches import IGNORED, Batch, pad
from .chat import EncodedRow
from .likelihood import likelihoods, predictions
from .loading import Loaded, Residence

_DIMENSIONS = 256
_PROJECTION_SEED = 0
_LAYER = re.compile(r"\blayers\.(\d+)\.")


class Inside:
    """What components that decide may see of a model."""

    def __init__(self, residence: Residence) -> None:
        self._residence = residence

    def likelihoods(self, model: Model, conversations: Sequence[Conversation]) -> list[float]:
        """The mean log-likelihood per token of each last assistant turn, its end included."""
        with self._awake(model) as loaded:
            rows = _last_turns(loaded, conversations)
            rated = [likelihoods(loaded, [row])[0] for row in rows]
        return [rating.logprob / rating.tokens for rating in rated]

    def features(
        self,
        model: Model,
        conversations: Sequence[Conversation],
        *,
        kind: Literal["representation", "gradient"],
    ) -> list[list[float]]:
        """One vector per conversation.

        A representation is the last layer's hidden state [hidden] at the last learned token; a
        gradient is that of the loss of the last answer with respect to the last layer's weights,
        projected to 256 numbers by seeded random signs and places.
        """
        feature = _representation if kind == "representation" else _gradient
        with self._awake(model) as loaded:
            return [feature(loaded, row) for row in _last_turns(loaded, conversations)]

    def divergences(
        self,
        model: Model,
        reference: Model,
        conversations: Sequence[Conversation],
        *,
        tokens: int,
    ) -> list[list[float]]:
        """The divergence of a model from a reference before the first tokens of last turns.

        In nats, summed over the vocabulary; what the reference expects is kept on the CPU, so
        that only one of the two need be on the device.
        """
        with self._awake(reference) as loaded:
            rows = _last_turns(loaded, conversations)
            expected = [predictions(loaded, row, tokens=tokens) for row in rows]
        with self._awake(model) as loaded:
            own = (predictions(loaded, row, tokens=tokens) for row in rows)
            return [_divergence(mine, theirs) for mine, theirs in zip(own, expected, strict=True)]

    @contextmanager
    def _awake(self, model: Model) -> Iterator[Loaded]:
        if model.base is None:
            yield self._residence.base(model)
            return
        with attached(self._residence.base(model.base), model) as loaded:
            yield loaded


def _divergence(own: torch.Tensor, reference: torch.Tensor) -> list[float]:
    """Of one row: KL(model || reference) before each token, from log-probabilities."""
    found: list[float] = (own.exp() * (own - reference)).sum(dim=-1).clamp(min=0.0).tolist()
    return found


def _last_turns(loaded: Loaded, conversations: Sequence[Conversation]) -> list[EncodedRow]:
    return [loaded.chat.row(each, last_only=True) for each in conversations]


@torch.inference_mode()
def _representation(loaded: Loaded, row: EncodedRow) -> list[float]:
    tensors = pad(Batch(rows=(row,)), padding=loaded.padding, device=loaded.device)
    output = loaded.network(
        input_ids=tensors.tokens,
        attention_mask=tensors.mask,
        use_cache=False,
        output_hidden_states=True,
        logits_to_keep=1,
    )
    last = max(place for place, learned in enumerate(row.learned) if learned)
    state: list[float] = output.hidden_states[-1][0, last].float().tolist()
    return state


def _gradient(loaded: Loaded, row: EncodedRow) -> list[float]:
    weights = _last_layer(loaded.network)
    required = [weight.requires_grad for weight in weights]
    for weight in weights:
        weight.requires_grad_(True)
    tensors = pad(Batch(rows=(row,)), padding=loaded.padding, device=loaded.device)
    output = loaded.network(input_ids=tensors.tokens, attention_mask=tensors.mask, use_cache=False)
    logits, labels = output.logits[0, :-1].float(), tensors.labels[0, 1:]
    loss = cross_entropy(logits, labels, ignore_index=IGNORED)
    gradients = torch.autograd.grad(loss, weights)
    for weight, needed in zip(weights, required, strict=True):
        weight.requires_grad_(needed)
    return _project(gradients)


def _last_layer(network: Any) -> list[torch.Tensor]:
    """The weights of the last layer, without those of an adapter."""
    layers: dict[int, list[torch.Tensor]] = {}
    for name, weight in network.named_parameters():
        found = _LAYER.search(name)
        if found and "lora_" not in name and "vision" not in name:
            layers.setdefault(int(found.group(1)), []).append(weight)
    return layers[max(layers)]


def _project(gradients: Sequence[torch.Tensor]) -> list[float]:
    """Each number is added to one of 256 sums, with a sign; both are drawn from a fixed seed."""
    source = torch.Generator().manual_seed(_PROJECTION_SEED)
    sums = torch.zeros(_DIMENSIONS)
    for gradient in gradients:
        flat = gradient.detach().float().cpu().flatten()
        places = torch.randint(_DIMENSIONS, flat.shape, generator=source)
        signs = torch.randint(2, flat.shape, generator=source) * 2 - 1
        sums.index_add_(0, places, flat * signs)
    projected: list[float] = sums.tolist()
    return projected
