"""Whether rows of a network can be in flight: found out by trying, once for each network."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch
from transformers.cache_utils import DynamicCache

from .beginnings import Beginnings
from .cohorts import Cohort
from .flight_attention import INSTEAD_OF, Flight, attending
from .key_value_cache import keeps_all
from .memory import enough_memory, is_out_of_memory
from .rows import Prompt, Row

_TOKENS = 6
_FURTHEST = 0.02
"""Of the largest logit; another attention is off by much more, rounding to 16 bit by less."""

_known: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


def can_fly(network: Any) -> bool:
    """Whether attention is a function of its own for which ours can stand in.

    Some architectures go on with what a cache gives them, or do not tell attention all it needs:
    what they say in flight is compared with what they say otherwise.

    Raises:
        OutOfMemory: The few tokens of the trial do not fit; nothing is then known of it.
    """
    if not keeps_all(network.config) or network.config._attn_implementation != INSTEAD_OF:
        return False
    if not network._can_set_attn_implementation():
        return False
    if network not in _known:
        with enough_memory(lambda: _too_little(network)):
            _known[network] = _says_the_same(network)
    return _known[network]


def _too_little(network: Any) -> str:
    return (
        f"Answering ran out of memory on {network.device} with a single prompt of {_TOKENS} "
        "tokens and one more. Choose a smaller model or a larger device; the same command then "
        "asks for the rest."
    )


@torch.inference_mode()
def _says_the_same(network: Any) -> bool:
    words = int(network.config.get_text_config().vocab_size)
    tokens = [(5 * place + 3) % words for place in range(_TOKENS + 1)]
    whole = torch.tensor([tokens], device=network.device)
    try:
        expected = network(input_ids=whole, use_cache=False).logits[0, -1]
        found = _in_flight(network, tokens)
    except (AttributeError, TypeError, ValueError, IndexError, RuntimeError, KeyError) as error:
        if is_out_of_memory(error):
            # It says nothing of the architecture.
            raise
        return False
    off = (found - expected).abs().max()
    return bool(off <= _FURTHEST * expected.abs().max())


def _in_flight(network: Any, tokens: list[int]) -> torch.Tensor:
    """The logits after the last token, for which all others are remembered."""
    prompt = Prompt(key="", tokens=tuple(tokens[:-1]), max_tokens=2)
    row = Row(prompt, said=tokens[-1:])
    flight = Flight(network.config, Beginnings([prompt]), network.device)
    filled: Any = DynamicCache(config=network.config)
    asked = torch.tensor([tokens], device=network.device)
    with attending(network):
        network(input_ids=asked[:, :-1], past_key_values=filled, use_cache=True)
        parts = [(layer.keys, layer.values) for layer in filled.layers]
        hidden = torch.zeros(1, len(prompt.tokens), dtype=torch.bool, device=network.device)
        flight.join([Cohort([row], parts, hidden)])
        flight.next_column()
        output = network(
            input_ids=asked[:, -1:],
            attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=network.device),
            position_ids=torch.tensor([[len(prompt.tokens)]], device=network.device),
            past_key_values=flight.cache,
            use_cache=True,
        )
    logits: torch.Tensor = output.logits[0, -1]
    return logits
