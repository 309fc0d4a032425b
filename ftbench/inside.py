"""A look inside a model, for what needs more than its answers."""

from collections.abc import Sequence
from typing import Literal, Protocol

from .records import Conversation, Model

FeatureKind = Literal["representation", "gradient"]


class Probing(Protocol):
    """A look inside a model, for components that need more than its answers."""

    def likelihoods(self, model: Model, conversations: Sequence[Conversation]) -> Sequence[float]:
        """The mean log-likelihood per token of each last assistant turn."""
        ...

    def divergences(
        self,
        model: Model,
        reference: Model,
        conversations: Sequence[Conversation],
        *,
        tokens: int,
    ) -> Sequence[Sequence[float]]:
        """How far a model is from another at the first tokens of each last assistant turn.

        The Kullback-Leibler divergence of the model from the reference, in nats, before each of
        at most so many tokens; a shorter turn has fewer.
        """
        ...

    def features(
        self, model: Model, conversations: Sequence[Conversation], *, kind: FeatureKind
    ) -> Sequence[Sequence[float]]:
        """One vector per conversation."""
        ...
