"""Answers with transformers alone, one prompt at a time: slow, and what the others must equal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from .adapter_numbers import Numbers


class Runner:
    """Decodes greedily; adapters are put on the base one by one."""

    def __init__(self, start: dict[str, Any]) -> None:
        import torch  # noqa: PLC0415, slow to import
        import transformers  # noqa: PLC0415, slow to import

        self.version = f"transformers {transformers.__version__}"
        self._torch = torch
        self._device = start["device"]
        self._numbers = Numbers()
        self._base = transformers.AutoModelForCausalLM.from_pretrained(
            start["model"],
            dtype=start["dtype"],
            use_safetensors=True,
            trust_remote_code=False,
        ).to(self._device)
        # Otherwise what the call leaves open is taken from the model's own file.
        self._base.generation_config = transformers.GenerationConfig()
        self._base.eval()
        self._with_adapters: Any = None

    def answers(self, asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Each as soon as it is done, the token that ended it included."""
        for question in asked:
            with self._torch.inference_mode(), self._speaking(question["adapter"]) as network:
                prompt = self._torch.tensor([question["prompt"]], device=self._device)
                tokens = (
                    (network or self._base)
                    .generate(
                        input_ids=prompt,
                        attention_mask=self._torch.ones_like(prompt),
                        do_sample=False,
                        max_new_tokens=question["max_new_tokens"],
                        eos_token_id=question["end_tokens"],
                        pad_token_id=question["end_tokens"][0],
                    )[0, prompt.shape[1] :]
                    .tolist()
                )
            reason = "stop" if tokens[-1] in question["end_tokens"] else "length"
            yield {"id": question["id"], "tokens": tokens, "reason": reason}

    def _speaking(self, adapter: dict[str, Any] | None) -> Any:
        if adapter is None:
            if self._with_adapters is None:
                return nullcontext(self._base)
            return self._with_adapters.disable_adapter()
        import peft  # noqa: PLC0415, slow to import

        is_known = self._numbers.is_known(adapter)
        name = f"adapter_{self._numbers.of(adapter)}"
        if self._with_adapters is None:
            self._with_adapters = peft.PeftModel.from_pretrained(
                self._base, adapter["folder"], adapter_name=name
            )
        elif not is_known:
            self._with_adapters.load_adapter(adapter["folder"], adapter_name=name)
        self._with_adapters.set_adapter(name)
        return nullcontext(self._with_adapters)
