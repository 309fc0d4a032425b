"""Greedy decoding by transformers' continuous batching: one model, a manager of its own each time.

Its cache goes by tokens and knows nothing of weights, so that one that outlives an adapter would
answer with the keys and values of another (seen in 5.23). Hence a new manager for each call, and
no block of it is shared. It decides for each model by ``adapter_names`` as little as by any other
argument that it does not know: whoever is attached answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

import torch

from .foreign import EngineFailed, replayed
from .loading import Loaded
from .memory import is_out_of_memory
from .rows import Answer, Prompt

_NAME = "The continuous batching of transformers"
_PAGE = 32
_BATCH_TOKENS = 4096
"""The most tokens of a step, prompts included."""
_PATIENCE_SECONDS = 1.0
"""Between two looks at whether it is still at work."""


def decode_continuously(
    loaded: Loaded, prompts: Sequence[Prompt], *, budget: int
) -> Iterator[Answer]:
    """Answer each prompt greedily; the cache has room for ``budget`` tokens, or for one prompt.

    Raises:
        EngineFailed: A prompt was not answered.
        RuntimeError: Memory ran out.
    """
    waiting = {prompt.key: prompt for prompt in prompts}
    with _own_randomness(loaded.device), _manager(loaded, prompts, budget) as manager:
        for prompt in prompts:
            manager.add_request(
                list(prompt.tokens), request_id=prompt.key, max_new_tokens=prompt.max_tokens
            )
        while waiting:
            output = manager.get_result(timeout=_PATIENCE_SECONDS)
            if output is None:
                _check(manager.background_thread_status.fatal_error)
                if not manager.is_running():
                    _check("it ended early")
                continue
            _check(output.error)
            if output.is_finished():
                prompt = waiting.pop(output.request_id)
                yield replayed(loaded, prompt, output.generated_tokens, by=_NAME)


def can_be_continuous(loaded: Loaded) -> bool:
    """Whether what is attached is part of the layers, and not of a cache that it would not see."""
    config = getattr(loaded.network, "active_peft_config", None)
    return config is None or config.peft_type == "LORA"


@contextmanager
def _own_randomness(device: torch.device) -> Iterator[None]:
    """It seeds the random numbers of the whole process, of which greedy answers need none."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


@contextmanager
def _manager(loaded: Loaded, prompts: Sequence[Prompt], budget: int) -> Iterator[Any]:
    from transformers import ContinuousBatchingConfig, GenerationConfig  # noqa: PLC0415, slow

    most = max(prompt.room for prompt in prompts)
    manager = loaded.network.init_continuous_batching(
        generation_config=GenerationConfig(
            do_sample=False,
            eos_token_id=sorted(loaded.chat.end_tokens),
            pad_token_id=loaded.padding,
        ),
        continuous_batching_config=ContinuousBatchingConfig(
            page_size=_PAGE,
            num_blocks=ceil(max(budget, most) / _PAGE) + 1,
            max_batch_tokens=min(_BATCH_TOKENS, max(budget, most)),
            allow_block_sharing=False,
            auto_switch_to_flash=False,
            seed=0,
        ),
    )
    manager.start()
    try:
        yield manager
    finally:
        manager.stop(block=True, hard_stop=True)


def _check(error: object) -> None:
    """What went wrong is part of an output, or of the manager; nothing is raised there."""
    if error is None:
        return
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if is_out_of_memory(RuntimeError(reason)):
        raise RuntimeError(reason)
    raise EngineFailed(
        f"{_NAME} failed: {reason}. What was answered is kept; "
        "choose backend.engine=in_flight or batches, and the same command asks for the rest."
    )
