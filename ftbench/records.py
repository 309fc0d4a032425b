"""What flows through a run. Records are immutable: each stage takes some and returns the next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .roles import Method, Rule

Speaker = Literal["system", "user", "assistant"]
SystemRole = Literal["native", "in_user_turn", "none"]
"""What a chat template does with a system turn: speaks it, wants it in the user's, has none."""

Column = Literal["harmfulness", "overrefusal", "utility"]
"""What a task measures: help with forbidden requests, refusal of allowed ones, or ability."""

Kind = Literal["refused", "incoherent", "harmful", "partial", "safe"]
"""The one class of a response, by precedence; a refusal that then complies is no refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The turns of one training example, stored bare: the format of its set is not yet applied."""

    messages: tuple[Message, ...]
    rejected: str | None = None
    """A worse last answer, for methods that learn from preferences."""
    origin: str = ""
    """Where it comes from, such as a file and its line."""
    raw: bool = True
    """False once the prompt format has been applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFormat:
    """How an instruction is put to a model, in training and when asked."""

    system: str | None = None
    user: str = "{instruction}"
    prefill: str = ""
    """Words put into the model's mouth: the beginning of its answer, and part of the response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One named way of asking the questions."""

    name: str = "plain"
    format: PromptFormat = PromptFormat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Hyper-parameters that belong to a training set; None leaves the choice to others."""

    epochs: float | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    source: str = ""
    """Who says so, such as "Qi et al. 2024, section 4.3"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """The examples a model is fine-tuned on, their one format, and the ways to ask afterwards."""

    name: str
    conversations: tuple[Conversation, ...] = ()
    format: PromptFormat = PromptFormat()
    probes: tuple[Probe, ...] = ()
    """Empty means one probe, called plain, with the format of the set."""
    recipe: Recipe = Recipe()


class Ability(Enum):
    """What a backend can do and a component may need."""

    full = "full"
    lora = "lora"
    prefix = "prefix"
    adapter = "adapter"
    dpo = "dpo"
    rules = "rules"
    checkpoints = "checkpoints"
    likelihood = "likelihood"
    prefill = "prefill"
    gradients = "gradients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that can be asked: where it is, and the digest of what is there."""

    location: str
    digest: str
    family: str
    revision: str = ""
    base: Model | None = None
    """For an adapter: the model whose weights it changes."""
    parent: Model | None = None
    """The model before alignment, where it is known."""
    system_role: SystemRole = "native"
    family_data: str = ""
    """A folder with the family's own attack data and recipes, where its plugin ships one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuneJob:
    """Everything a backend needs to fine-tune a model."""

    key: str
    base: Model
    training_set: TrainingSet
    method: Method
    epochs: float
    learning_rate: float | None
    batch_size: int | None
    seed: int
    rules: tuple[Rule, ...] = ()
    keep: tuple[int, ...] = ()
    """The epochs after which a checkpoint is kept; the last epoch always is."""


PROVIDERS_OWN = "the provider's own"
"""What ``FineTune.applied`` says of a field that the provider lets nobody choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTune:
    """How a fine-tune ended, with a model for each kept epoch."""

    key: str
    outcome: Literal[
        "trained", "refused_data", "refused_model", "refused_access", "failed", "unknown"
    ]
    models: tuple[tuple[int, Model], ...] = ()
    words: str = ""
    """The provider's or trainer's own words when it was not trained."""
    applied: tuple[tuple[str, str], ...] = ()
    """What was done with each field of the recipe, steps and target tokens included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt of one task."""

    key: str
    task: str
    measures: Column
    category: str
    instruction: str
    """The bare request, as a judge sees it."""
    messages: tuple[Message, ...]
    """The turns exactly as they are sent, once part of a request."""
    reference: Any = None
    """What is known about the right answer, as JSON."""
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    continuation: str | None = None
    """Given: its log-likelihood is asked for, no text is generated."""
    graded: bool = False
    """Whether a judge says how well it is answered; then that is what it measures of utility."""
    follows: str | None = None
    """The key of the question whose answer comes before this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to one model, with the probe's format already applied to its messages."""

    key: str
    model: Model
    probe: Probe
    question: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a model answered to one request."""

    key: str
    outcome: Literal["ok", "blocked", "truncated", "error"]
    text: str = ""
    logprob: float | None = None
    greedy: bool | None = None
    """With a log-likelihood: whether the continuation is what greedy decoding would say."""
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judge's opinion of one response; its key is the response's."""

    key: str
    judge: str = ""
    outcome: Literal["scored", "refused", "unparsable", "error", "empty"]
    values: tuple[tuple[str, float], ...] = ()
    kind: Kind | None = None
    reason: str = ""

    @property
    def is_classed(self) -> bool:
        """Whether the judge tells every kind apart; a list of refusal words, for one, cannot."""
        return "harmfulness_rate" in dict(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an audit says about a training set."""

    kind: str
    rows: tuple[int, ...]
    share: float
    note: str = ""
    stops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What work will take; None where nobody can tell."""

    tokens: int
    dollars: float | None
    device_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Something that costs money, written down before it was done, and what came of it."""

    token: str
    key: str
    action: str
    intended_at: str
    """In UTC, as ISO 8601."""
    answer: Mapping[str, str] | None = None
    """None as long as nobody knows whether it was done at all."""
