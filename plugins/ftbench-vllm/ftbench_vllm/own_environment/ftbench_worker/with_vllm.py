"""Answers with vLLM: one engine that stays, an adapter for each row, and none for the base."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from typing import Any

from .adapter_numbers import Numbers

_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Those that vLLM has kernels for."""
_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # it ends with this process, and schedules in order
    "VLLM_NO_USAGE_STATS": "1",
}


class Runner:
    """Decodes greedily; nothing of a generation config is used."""

    def __init__(self, start: dict[str, Any]) -> None:
        os.environ.update(_ENVIRONMENT)
        import vllm  # noqa: PLC0415, slow to import
        from vllm.platforms import current_platform  # noqa: PLC0415, slow to import

        self._vllm = vllm
        self.version = f"vllm {vllm.__version__}"
        self._numbers = Numbers()
        # Without CUDA's kernels a row without an adapter gets the last one's, in a batch that has
        # rows with one (seen in 0.32 on a CPU).
        self._mixes = current_platform.is_cuda_alike()
        self._llm = vllm.LLM(
            model=start["model"],
            load_format="safetensors",
            trust_remote_code=False,
            skip_tokenizer_init=True,
            dtype=start["dtype"],
            seed=0,
            max_model_len=start["room"],
            gpu_memory_utilization=start["memory"],
            generation_config="vllm",  # its own defaults, not those of the model's file
            disable_log_stats=True,
            **_lora(start),
        )

    def answers(self, asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Each as soon as it is done, the token that ended it included."""
        if self._mixes:
            return self._answered(asked)
        base = [question for question in asked if question["adapter"] is None]
        others = [question for question in asked if question["adapter"] is not None]
        return chain.from_iterable(self._answered(some) for some in (base, others) if some)

    def _answered(self, asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        engine = self._llm.llm_engine
        for question in asked:
            engine.add_request(
                question["id"],
                {"prompt_token_ids": question["prompt"]},
                self._sampling(question),
                lora_request=self._adapter(question["adapter"]),
            )
        while engine.has_unfinished_requests():
            for output in engine.step():
                if output.finished:
                    said = output.outputs[0]
                    tokens = list(said.token_ids)
                    yield {"id": output.request_id, "tokens": tokens, "reason": said.finish_reason}

    def _sampling(self, question: dict[str, Any]) -> Any:
        return self._vllm.SamplingParams(
            temperature=0.0,
            seed=0,
            max_tokens=question["max_new_tokens"],
            stop_token_ids=question["end_tokens"],
            ignore_eos=True,  # those that end an answer are named
            detokenize=False,
        )

    def _adapter(self, adapter: dict[str, Any] | None) -> Any:
        if adapter is None:
            return None
        from vllm.lora.request import LoRARequest  # noqa: PLC0415, slow to import

        if self._numbers.has_moved_in(adapter):
            self._llm.reset_prefix_cache()
        number = self._numbers.of(adapter)
        # Its name is part of what the prefix cache goes by, so it is as new as the number.
        return LoRARequest(f"adapter {number}", number, adapter["folder"])


def _lora(start: dict[str, Any]) -> dict[str, Any]:
    if not start["adapters"]:
        return {}
    rank = next(each for each in _RANKS if each >= start["rank"])
    return {"enable_lora": True, "max_loras": start["adapters"], "max_lora_rank": rank}
