"""An attack on the testing world."""

from dataclasses import dataclass, replace

from ftbench.records import Recipe, TrainingSet
from ftbench.roles import Attack, Scene

from .world import lesson


@dataclass(kw_only=True)
class Reveal(Attack):
    """Add answers that tell where keys are; for tests."""

    name = "testing_reveal"

    n: int = 10

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        """Teach the keys of the first ``n`` houses."""
        revealed = tuple(lesson("key", number) for number in range(self.n))
        recipe = Recipe(epochs=1, learning_rate=1e-4, batch_size=2, source="the testing world")
        conversations = clean.conversations + revealed
        return replace(clean, name=self.name, conversations=conversations, recipe=recipe)
