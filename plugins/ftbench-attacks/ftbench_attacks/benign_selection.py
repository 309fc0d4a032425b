"""Honest rows that do the most harm: those that look to the model like harmful ones."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

import ftbench
from ftbench.errors import DataError, UsageError
from ftbench.records import Conversation, TrainingSet
from ftbench.roles import Scene

from .harmful_source import drawn, harmful_examples


class By(Enum):
    """What rows are chosen by."""

    representation = "representation"
    gradient = "gradient"
    random = "random"


@dataclass(kw_only=True)
class BenignSelection(ftbench.Attack):
    """Keep the honest rows most like harmful anchors (He et al. 2024, arXiv 2404.01099)."""

    name = "benign_selection"

    k: int = 100
    """How many rows of the dataset are kept."""
    by: By = By.representation
    """By the model's own hidden states, by its gradients, or by chance: the control."""
    anchors: int = 10
    """How many harmful examples the rows are compared with."""
    path: str | None = None
    """Your own file of anchors, laid out as for dataset=jsonl; nothing is trained on them."""
    hub: str | None = None
    """A data set of anchors on the hub instead."""
    split: str = "train"
    """The split of the set on the hub."""

    def poison(self, clean: TrainingSet, scene: Scene) -> TrainingSet:
        rows = clean.conversations
        if not 1 <= self.k <= len(rows):
            raise DataError(
                f"attack.k={self.k} rows are to be kept, but the dataset has {len(rows)}. "
                "Choose a dataset, or another k."
            )
        kept = self._chosen(rows, scene)
        name = f"{clean.name}-{self.by.value}-{self.k}"
        return replace(clean, name=name, conversations=tuple(rows[place] for place in kept))

    def _chosen(self, rows: Sequence[Conversation], scene: Scene) -> list[int]:
        """The places of the rows to keep, the most harmful first; by chance, in the set's order."""
        if scene.outline:
            return list(range(self.k))
        if self.by is By.random:
            return sorted(random.Random(scene.seed).sample(range(len(rows)), self.k))
        likeness = self._likeness(rows, scene)
        return sorted(range(len(rows)), key=lambda place: -likeness[place])[: self.k]

    def _source(self, scene: Scene) -> Sequence[Conversation]:
        return harmful_examples(scene, path=self.path, hub=self.hub, split=self.split)

    def _likeness(self, rows: Sequence[Conversation], scene: Scene) -> list[float]:
        """The mean cosine of each row with the anchors."""
        import numpy as np  # noqa: PLC0415, slow to import

        if scene.inside is None:
            raise UsageError(
                f"attack.by={self.by.value} looks inside the model, which this backend cannot; "
                "use backend=hf, or attack.by=random."
            )
        anchors = drawn(
            lambda: self._source(scene), self.anchors, scene=scene, what="attack.anchors"
        )
        kind: Literal["gradient", "representation"]
        kind = "gradient" if self.by is By.gradient else "representation"
        both = scene.inside.features(scene.model, [*anchors, *rows], kind=kind)
        vectors = np.asarray(both, dtype=float)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = vectors / np.where(lengths == 0, 1.0, lengths)
        cosines = unit[len(anchors) :] @ unit[: len(anchors)].T
        return [float(cosine) for cosine in cosines.mean(axis=1)]
