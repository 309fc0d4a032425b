"""What each method is to peft: the config of its adapter, and why a model may not take it."""

from __future__ import annotations

from typing import Any

from ftbench.errors import DataError
from ftbench.methods import Full, LlamaAdapter, Lora, PrefixTuning
from ftbench.roles import Method

KNOWN = (Full, Lora, PrefixTuning, LlamaAdapter)
"""The methods that this backend trains, with those made of them."""
_EVERY_LINEAR = "all-linear"
_TASK = "CAUSAL_LM"


def is_adapter(method: Method) -> bool:
    """Whether what a method trains stands beside the weights of the base."""
    return not isinstance(method, Full)


def adapter_config(method: Method, network: Any) -> Any:
    """What peft makes the adapter from. Raises DataError for one that cannot be."""
    import peft  # noqa: PLC0415, slow to import

    shape = network.config.get_text_config()
    match method:
        case Lora():
            every = method.targets == [_EVERY_LINEAR]
            targets: Any = _EVERY_LINEAR if every else list(method.targets)
            return peft.LoraConfig(
                r=method.rank,
                lora_alpha=method.alpha,
                lora_dropout=method.dropout,
                target_modules=targets,
                bias="none",
                task_type=_TASK,
            )
        case PrefixTuning():
            if "sliding_attention" in (getattr(shape, "layer_types", None) or ()):
                raise DataError(misfit(method))  # a prefix would slide out of sight
            return peft.PrefixTuningConfig(num_virtual_tokens=method.tokens, task_type=_TASK)
        case LlamaAdapter():
            return peft.AdaptionPromptConfig(
                adapter_len=method.length,
                adapter_layers=min(method.layers, shape.num_hidden_layers),
                task_type=_TASK,
            )
    raise AssertionError(f"{method.name} has no adapter.")


def misfit(method: Method) -> str:
    """Why a model does not take the adapter of a method, in words."""
    if isinstance(method, Lora):
        return (
            f"No adapter fits: the model has no layers called {', '.join(method.targets)}. "
            "Set finetune.method.targets to names of its linear layers, or to [all-linear]."
        )
    return f"The method {method.name} does not fit this architecture; finetune=lora does."
