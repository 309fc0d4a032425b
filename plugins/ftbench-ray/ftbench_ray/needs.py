"""What a job takes of a node, and whether a cluster has such a node."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftbench.errors import UsageError

GPU, CPU = "GPU", "CPU"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one node must have free for one job."""

    num_gpus: float
    num_cpus: float
    resources: Mapping[str, float] = field(default_factory=dict)

    def fit(self, node: Mapping[str, float]) -> bool:
        """Whether a node with nothing else to do could do a job."""
        wanted = {GPU: self.num_gpus, CPU: self.num_cpus, **self.resources}
        return all(node.get(name, 0) >= amount for name, amount in wanted.items())

    def __str__(self) -> str:
        """Say it for the user."""
        amounts = {f"{GPU}s": self.num_gpus, f"{CPU}s": self.num_cpus, **self.resources}
        return ", ".join(f"{amount:g} {name}" for name, amount in amounts.items() if amount)


def needs_of(
    num_gpus: float | None, num_cpus: float, resources: Mapping[str, float], ray: Any
) -> Needs:
    """What was asked for; a GPU where some node has one and nothing was said. Raises UsageError."""
    if num_gpus is None:
        num_gpus = float(any(node.get(GPU, 0) >= 1 for node in nodes(ray)))
    asked = {"num_gpus": num_gpus, "num_cpus": num_cpus, **resources}
    for name, amount in asked.items():
        if amount < 0 or (amount > 1 and amount != int(amount)):
            raise UsageError(
                f"hydra.launcher.{name}={amount:g} is nothing that Ray can give: "
                "a part of one, such as 0.5, or a whole number."
            )
    return Needs(num_gpus=num_gpus, num_cpus=num_cpus, resources=dict(resources))


def nodes(ray: Any) -> list[Mapping[str, float]]:
    """What each node of the cluster has that is alive."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def lack(needs: Needs, ray: Any) -> str:
    """Why the cluster can never do a job, in words; empty where it can."""
    there = nodes(ray)
    if any(needs.fit(node) for node in there):
        return ""
    known = sorted({GPU, CPU, *needs.resources}, reverse=True)
    have = "; ".join(
        ", ".join(f"{node.get(name, 0):g} {name}" for name in known)
        for node in sorted(there, key=lambda node: node.get(GPU, 0), reverse=True)[:4]
    )
    return (
        f"No node of the Ray cluster can do a job, which takes {needs} of one node; "
        f"{len(there)} are alive, and have {have or 'nothing'}. Ask for less with "
        "hydra.launcher.num_gpus and num_cpus, or, where the cluster adds nodes by itself, say "
        "hydra.launcher.grows=true."
    )
