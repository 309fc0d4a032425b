"""The two ways to fine-tune that every backend may know: all weights, or a low-rank adapter."""

from collections.abc import Iterable
from dataclasses import dataclass, field

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


@hookimpl
def ftbench_methods() -> Iterable[type[Method]]:
    return (Full, Lora)
