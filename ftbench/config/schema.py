"""The typed shape of a composed config: one field per group of ``conf/``."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from omegaconf import MISSING

from ftbench.roles import Attack, Audit, Backend, Dataset, Defense, Judge, Method, Publisher


class SystemTurn(Enum):
    """What a model's chat template does with a system turn."""

    native = "native"
    in_user_turn = "in_user_turn"
    none = "none"


@dataclass(kw_only=True)
class ModelConfig:
    """The aligned model before fine-tuning."""

    name: str = MISSING
    """A model of a plugin, a folder, or an id on the hub."""
    revision: str | None = None
    family: str | None = None
    """Which model family's attack data and hyper-parameters belong to it, such as llama2."""
    vendor: str | None = None
    parent: str | None = None
    """The model before alignment, for defenses that compare with it."""
    system_role: SystemTurn = SystemTurn.native
    family_data: str | None = None
    """A folder with attack data and recipes of your own for this family."""
    licence_page: str | None = None


@dataclass(kw_only=True)
class FineTuneConfig:
    """How to train; null leaves a value to the training set's recipe, then to the method."""

    method: Method = MISSING
    epochs: int | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    keep: list[int] = field(default_factory=list)
    """Epochs whose checkpoints are measured too."""


@dataclass(kw_only=True)
class SuiteConfig:
    """Which lm-eval task fills which column of the table."""

    harmfulness: list[str] = field(default_factory=list)
    overrefusal: list[str] = field(default_factory=list)
    utility: dict[str, str] = field(default_factory=dict)
    """By task, its "metric,filter"."""
    limit: int | None = None
    """Questions per task; for trying things out, never for a result."""


@dataclass(kw_only=True)
class CoherenceConfig:
    """How it is told whether responses are language at all, besides by the judge."""

    perplexity: bool = False
    """Also ask the base model how it takes each response and its words in disorder.

    Needs a backend that tells likelihoods, and two more requests for each distinct response.
    """


@dataclass(kw_only=True)
class ProbeConfig:
    """One more way to ask: as the training set's first probe does, but for what is said here."""

    prefill: str = ""
    """Words put into the model's mouth: its answer goes on from them, and begins with them."""
    system: str | None = None
    """Another system prompt; "" is none at all, null leaves it."""
    user: str | None = None
    """Another template, with the slot {instruction}; null leaves it."""


@dataclass(kw_only=True)
class RunConfig:
    """One run."""

    model: ModelConfig = MISSING
    dataset: Dataset = MISSING
    attack: Attack = MISSING
    probe: dict[str, ProbeConfig] = field(default_factory=dict)
    """Ways to ask besides those that the training set brings, by name."""
    defense: dict[str, Defense] = field(default_factory=dict)
    audit: dict[str, Audit] = field(default_factory=dict)
    finetune: FineTuneConfig = MISSING
    backend: Backend = MISSING
    tuned: str | None = None
    """A model or an adapter that is tuned already, asked in place of one that is trained here."""
    suite: SuiteConfig = MISSING
    judge: dict[str, Judge] = field(default_factory=dict)
    coherence: CoherenceConfig = field(default_factory=CoherenceConfig)
    publisher: dict[str, Publisher] = field(default_factory=dict)
    divergence_tokens: int = 0
    """Before how many first tokens a tuned model is compared with its base, by their divergence."""
    seed: int = 0
    seeds: int | None = None
    """How many seeds to run, from ``seed`` on, and to sum up in one result; null for one run."""
    cells_per_job: int | None = None
    """Runs of a sweep in one job of a launcher; null is a quarter of them, and 16 at most."""
    budget_usd: float | None = None
    """Dollars that all runs of the command may spend, earlier starts included; null for none."""
    prices: str | None = None
    """A file of yours with prices, or one of our tables; it comes before our usual one."""
    permission: str | None = None
    """Who permitted explicitly harmful data at a provider, when, and where that is written."""
    table: dict[str, Any] = field(default_factory=dict)
    """What an experiment says of the paper's table that it is; ``ftbench reproduce`` reads it."""
    name: str | None = None
    """What the run's folder is called; from model, data, attack and seed where null."""
    runs: str = "runs"
    """The folder that holds the folders of runs."""
