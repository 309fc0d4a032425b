"""What a job takes of a node, and whether a cluster has such a node."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftbench.errors import UsageError

GPU, CPU = "GPU", "CPU"
_SHOWN = 4
"""Of so many nodes it is told what they have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one node must have free for one job."""

    num_gpus: float | None = None
    """None is one where some node has one, else none."""
    num_cpus: float = 1.0
    resources: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise UsageError for what no node could give."""
        asked = {"num_gpus": self.num_gpus or 0, "num_cpus": self.num_cpus, **self.resources}
        for name, amount in asked.items():
            if amount < 0 or (amount > 1 and amount != int(amount)):
                raise UsageError(
                    f"hydra.launcher: {name}={amount:g} is nothing that Ray can give. "
                    "Ask for a part of one, such as 0.5, or for a whole number."
                )

    @property
    def amounts(self) -> dict[str, float]:
        """By the names that Ray has for them."""
        return {GPU: self.num_gpus or 0, CPU: self.num_cpus, **self.resources}

    def fit(self, node: Mapping[str, float]) -> bool:
        """Whether a node with nothing else to do could do a job."""
        return all(node.get(name, 0) >= amount for name, amount in self.amounts.items())


def nodes(ray: Any) -> list[Mapping[str, float]]:
    """What each node of the cluster has that is alive."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def has_gpu(ray: Any) -> bool:
    """Whether a whole GPU of some node could be given to a job."""
    return any(node.get(GPU, 0) >= 1 for node in nodes(ray))


def lack(needs: Needs, ray: Any) -> str:
    """Why the cluster can never do a job, in words; empty where it can."""
    there = sorted(nodes(ray), key=lambda node: node.get(GPU, 0), reverse=True)
    if any(map(needs.fit, there)):
        return ""
    names = list(needs.amounts)
    have = "; ".join(
        _listed({name: node.get(name, 0) for name in names}) for node in there[:_SHOWN]
    )
    return (
        f"No node of the Ray cluster can do a job, which takes {_listed(needs.amounts)}. "
        f"It has {len(there)} nodes: {have}. Ask for less with hydra.launcher.num_gpus and "
        "num_cpus, or, where the cluster adds nodes by itself, say hydra.launcher.grows=true."
    )


def _listed(amounts: Mapping[str, float]) -> str:
    return ", ".join(f"{amount:g} {name}" for name, amount in amounts.items())
