"""The components that do nothing. A plugin like any other: see our own entry point."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .plugin import hookimpl
from .records import Finding, TrainingSet
from .roles import Attack, Audit, Dataset, Defense, Publisher, Scene


@dataclass(kw_only=True)
class NoDataset(Dataset):
    """Start from no examples: the attack brings its own."""

    name = "none"

    def load(self, scene: Scene) -> TrainingSet:
        return TrainingSet(name=self.name)


@dataclass(kw_only=True)
class NoAttack(Attack):
    """Fine-tune on honest data."""

    name = "none"

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        return clean


@dataclass(kw_only=True)
class NoDefense(Defense):
    """Fine-tune as asked."""

    name = "none"


@dataclass(kw_only=True)
class NoAudit(Audit):
    """Train on the data as it is."""

    name = "none"

    def inspect(self, training_set: TrainingSet, scene: Scene) -> Sequence[Finding]:
        return ()


@dataclass(kw_only=True)
class NoPublisher(Publisher):
    """Keep the result on this machine."""

    name = "none"

    def publish(self, public: Path) -> str:
        return "nowhere"


@hookimpl
def ftbench_datasets() -> Iterable[type[Dataset]]:
    return (NoDataset,)


@hookimpl
def ftbench_attacks() -> Iterable[type[Attack]]:
    return (NoAttack,)


@hookimpl
def ftbench_defenses() -> Iterable[type[Defense]]:
    return (NoDefense,)


@hookimpl
def ftbench_audits() -> Iterable[type[Audit]]:
    return (NoAudit,)


@hookimpl
def ftbench_publishers() -> Iterable[type[Publisher]]:
    return (NoPublisher,)
