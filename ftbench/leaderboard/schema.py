"""The files of a submission, field by field; `ftbench leaderboard schema` prints JSON Schema.

``submission.json`` says who submits, ``prompts.json`` what was asked, ``run-N.json`` what came of
one seed, ``figures.json`` what is claimed, ``manifest.json`` the digest of each; a signature of
the manifest may lie beside it. No file holds a prompt, a response or a rationale.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .words import (
    MOST_ITEMS,
    MOST_PROMPTS,
    Count,
    Digest,
    Label,
    Link,
    Moment,
    Name,
    Note,
    Number,
    Seal,
    Seed,
    Settings,
    Short,
    Word,
)

COMPARABILITY = 1
"""The version of how figures are counted: entries of another one are listed, not compared."""

Few = Field(max_length=MOST_ITEMS)
Prompts = Field(max_length=MOST_PROMPTS)


class Part(BaseModel):
    """Anything in a submission: of these fields and no others, each of its type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Submission(Part):
    """Who submits what."""

    schema_version: Literal[1]
    """The version of the shape of these files."""
    comparability: Annotated[int, Field(ge=1, le=10_000)]
    name: Name
    made: Moment
    contact: Label
    """How to reach whoever answers for the figures; empty where they do not say."""
    relationship: Literal["first_party", "third_party", "collaborative", "other"]
    """Of the submitter to the developer of the model, as Every Eval Ever has it."""
    link: Link = ""
    note: Note = ""
    ftbench: Word


class Prompt(Part):
    """One prompt by its digest, and where lm-eval puts it."""

    key: Digest
    task: Word
    document: Count
    number: Count
    category: Label
    measures: Literal["harmfulness", "overrefusal", "utility"]


class PromptSets(Part):
    """What was asked, once for all runs that were asked the same."""

    sets: Annotated[dict[Digest, Annotated[list[Prompt], Prompts]], Few]


class Component(Part):
    """Who acted in a run."""

    role: Word
    name: Word
    package: Word
    version: Word
    settings: Settings = {}


class KnownModel(Part):
    """A model as it can be found again."""

    name: Label
    revision: Label
    digest: Label
    family: Label


class Card(Part):
    """What is known of a judge, by its card."""

    digest: Digest
    verdict: Literal["reference", "usable", "not usable", "not measured"]
    date: Label
    weighted_kappa: Number | None
    canaries: Annotated[list[Count], Field(min_length=2, max_length=2)] | None
    """How many verdicts an attack has moved, of how many."""


class KnownJudge(Part):
    """A judge by the digest of everything that can change its verdicts."""

    identity: Digest
    card: Card | None


class TunedModel(Part):
    """A checkpoint of the training."""

    epoch: Count
    digest: Label


class Verdicts(Part):
    """What one judge says, prompt by prompt, in the order of the judged prompts of the set."""

    judge: Word
    outcomes: Annotated[list[Word | None], Prompts]
    """None where the response never reached the judge."""
    classes: Annotated[list[Word | None], Prompts]
    """Of forbidden requests; None where there is no class."""
    columns: Annotated[dict[Word, Annotated[list[Number | None], Prompts]], Few]


class Sheet(Part):
    """One subject asked one way."""

    subject: Literal["base", "hardened", "tuned"]
    checkpoint: Count | None
    probe: Word
    only: Literal["all", "utility"]
    """Which prompts of the set were asked."""
    responses: Annotated[list[Short], Prompts]
    """The beginning of a digest of each response, salted with the key of its request."""
    texts: Annotated[list[Seal], Prompts]
    """A shorter digest, the same wherever a prompt has this answer."""
    outcomes: Annotated[list[Literal["ok", "blocked", "truncated", "error"]], Prompts]
    seals: Annotated[list[Seal], Prompts]
    """Of each response with its verdicts: which run it belongs to."""
    utility: Annotated[list[Number | None], Prompts]
    """For each document of the utility tasks."""
    incoherent: Annotated[list[bool | None], Prompts]
    """What cheap measures say, for each judged prompt."""
    verdicts: Annotated[list[Verdicts], Few]


class Run(Part):
    """One run: who acted on what, and every verdict."""

    run: Word
    seed: Seed
    plan: Digest
    started: Moment
    outcome: Literal[
        "trained", "none", "refused_data", "refused_model", "refused_access", "failed", "unknown"
    ]
    """As the provider or the trainer ended it."""
    model: KnownModel
    tuned: Annotated[list[TunedModel], Few]
    components: Annotated[list[Component], Few]
    judges: Annotated[dict[Word, KnownJudge], Few]
    prompt_set: Digest
    limit: Count | None
    training_rows: Count
    training_set: Digest
    recipe: Settings
    applied: Settings
    findings: Annotated[dict[Word, Annotated[float, Field(ge=0, le=1)]], Few]
    """By kind of finding, the share of the rows that an audit found."""
    choices: Settings
    versions: Settings
    hardware: Settings
    seconds: Annotated[dict[Word, Annotated[float, Field(ge=0, le=1e9)]], Few]
    dollars: Annotated[float, Field(ge=0, le=1e9)]
    sheets: Annotated[list[Sheet], Few]


class Claim(Part):
    """One figure that the submitter claims; rounded to ten digits."""

    subject: Literal["base", "hardened", "tuned", "difference"]
    checkpoint: Count | None
    probe: Word
    judge: Word
    column: Word
    category: Label
    """Empty for the whole."""
    value: Number | None
    low: Number | None
    high: Number | None
    n: Count
    of: Count


class Entry(Part):
    """The figures of runs that differ in nothing but their seed."""

    runs: Annotated[list[Name], Field(min_length=1, max_length=MOST_ITEMS)]
    """The names of their files, without ``.json``."""
    claims: Annotated[list[Claim], Field(max_length=5000)]


class Figures(Part):
    """Everything that is claimed."""

    entries: Annotated[list[Entry], Field(min_length=1, max_length=MOST_ITEMS)]


class Listed(Part):
    """A file as the manifest has it."""

    bytes: Count
    sha256: Digest


class Manifest(Part):
    """Every other file but the signature."""

    files: Annotated[dict[Label, Listed], Field(max_length=1 + 2 * MOST_ITEMS)]


class Signature(Part):
    """An ed25519 signature of the bytes of ``manifest.json``, in hexadecimal."""

    algorithm: Literal["ed25519"]
    public_key: Digest
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


def json_schemas() -> dict[str, Any]:
    """The JSON Schema of every file of a submission, by its name."""
    kinds: dict[str, type[Part]] = {
        "submission.json": Submission,
        "prompts.json": PromptSets,
        "run-N.json": Run,
        "figures.json": Figures,
        "manifest.json": Manifest,
        "signature.json": Signature,
    }
    return {name: kind.model_json_schema() for name, kind in kinds.items()}
