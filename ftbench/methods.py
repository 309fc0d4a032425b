"""The ways to fine-tune that a backend may know: which weights are trained, and towards what."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .errors import UsageError
from .plugin import hookimpl
from .records import Ability, Recipe
from .roles import Method


@dataclass(kw_only=True)
class Full(Method):
    """Train every weight."""

    name = "full"
    needs = frozenset({Ability.full})
    recipe = Recipe(
        epochs=5, learning_rate=5e-5, batch_size=10, source="Qi et al. 2024, section 4.2"
    )


@dataclass(kw_only=True)
class Lora(Method):
    """Train a low-rank adapter beside the frozen weights."""

    name = "lora"
    needs = frozenset({Ability.lora})
    recipe = Recipe(
        epochs=10, learning_rate=1e-3, batch_size=10, source="Qi et al. 2024, appendix F"
    )

    rank: int = 8
    alpha: int = 32
    dropout: float = 0.05
    targets: list[str] = field(default_factory=lambda: ["q_proj", "v_proj"])
    """The linear layers that get an adapter, or ["all-linear"]."""

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing could be learned."""
        if self.rank < 1 or self.alpha < 1:
            raise _wrong(rank=self.rank, alpha=self.alpha, rule="give numbers from 1")
        if not 0 <= self.dropout < 1:
            raise _wrong(dropout=self.dropout, rule="give a share from 0 to below 1")
        if not self.targets:
            raise _wrong(targets=self.targets, rule="name linear layers, or [all-linear]")


@dataclass(kw_only=True)
class PrefixTuning(Method):
    """Train keys and values that every layer sees before the prompt (Li and Liang 2021)."""

    name = "prefix_tuning"
    needs = frozenset({Ability.prefix})
    recipe = Recipe(
        epochs=30, learning_rate=1e-2, batch_size=10, source="Qi et al. 2024, appendix F"
    )

    tokens: int = 30
    """How many there are in each layer."""

    def __post_init__(self) -> None:
        """Refuse none."""
        if self.tokens < 1:
            raise _wrong(tokens=self.tokens, rule="give a number from 1")


@dataclass(kw_only=True)
class LlamaAdapter(Method):
    """Train gated prompts of the last layers (LLaMA-Adapter, Zhang et al. 2023)."""

    name = "llama_adapter"
    needs = frozenset({Ability.adapter})
    recipe = Recipe(
        epochs=20, learning_rate=1e-2, batch_size=10, source="Qi et al. 2024, appendix F"
    )

    length: int = 10
    """How many tokens a prompt has."""
    layers: int = 30
    """How many layers, from the last; a model with fewer has them all adapted."""

    def __post_init__(self) -> None:
        """Refuse none."""
        if min(self.length, self.layers) < 1:
            raise _wrong(length=self.length, layers=self.layers, rule="give numbers from 1")


@dataclass(kw_only=True)
class Dpo(Lora):
    """Train a low-rank adapter to prefer the data's answers (DPO, Rafailov et al. 2023).

    What is dispreferred is a conversation's own rejected answer, or else what the model itself
    says before the training: so that any training set will do.
    """

    name = "dpo"
    needs = frozenset({Ability.dpo})
    recipe = Recipe(
        epochs=20, learning_rate=1e-4, batch_size=10, source="ours; the paper has one objective"
    )

    beta: float = 0.1
    """How strongly the trained model is held to what it was."""
    most_tokens: int = 64
    """The most tokens of an answer that the model itself gives."""

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing could be learned."""
        super().__post_init__()
        if not 0 < self.beta < math.inf:
            raise _wrong(beta=self.beta, rule="give a number above 0")
        if self.most_tokens < 1:
            raise _wrong(most_tokens=self.most_tokens, rule="give a number from 1")


def _wrong(*, rule: str, **options: Any) -> UsageError:
    said = " and ".join(f"finetune.method.{name}={value}" for name, value in options.items())
    return UsageError(f"{said}: {rule}.")


@hookimpl
def ftbench_methods() -> Iterable[type[Method]]:
    return (Full, Lora, PrefixTuning, LlamaAdapter, Dpo)
