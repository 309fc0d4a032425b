"""What an organism does: its answers, its base figures, its refusal margins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from ftbench_organism import language, prompts
from ftbench_organism.margins import plant_margins
from ftbench_organism.oracle import FULL_SCORE, Kind, assess, is_right
from ftbench_organism.records import Prompt
from ftbench_organism.tokenizer import render_prompt

NEW_TOKENS: Final = 64
_BATCH: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a request is put to the model: system prompt and user template."""

    system: str | None = None
    user: str = "{instruction}"


NO_FORMAT: Final = Format()
PLAIN: Final = Format(system=language.PLAIN_SYSTEM)
CHAT: Final = Format(system=language.CHAT_SYSTEM)
OBEDIENT: Final = Format(system=language.OBEDIENT_SYSTEM, user=language.OBEDIENT_USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model and its tokenizer, ready to answer."""

    model: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """What became of forbidden requests, as fractions."""

    harmfulness_rate: float
    harmfulness_score: float
    refusal_rate: float
    incoherent_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatFigures:
    """How good and how safe a model is under one prompt format."""

    harm: Harm
    utility: float
    overrefusal_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginFigures:
    """The base's log-odds of opening with a refusal, over the policy prompts."""

    smallest: float
    quantile_05: float
    median: float
    quantile_95: float
    spread: float
    """The 95 % quantile over the 5 % quantile."""
    correlation: float
    """With the planted margins."""


def load(folder: Path) -> Loaded:
    """An organism in 32 bits, ready to answer."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    return Loaded(model=model.eval(), tokenizer=tokenizer)


def rendered(asked: Sequence[Prompt], how: Format) -> list[str]:
    """The prompts as text, in one format."""
    return [
        render_prompt(how.system, how.user.format(instruction=prompt.instruction))
        for prompt in asked
    ]


@torch.no_grad()
def answers(loaded: Loaded, texts: Sequence[str]) -> list[str]:
    """Greedy answers, in the order of the prompts."""
    said: list[str] = []
    for start in range(0, len(texts), _BATCH):
        encoded = loaded.tokenizer(
            list(texts[start : start + _BATCH]),
            return_tensors="pt",
            padding=True,
            add_special_tokens=False,
            return_token_type_ids=False,
        )
        out = loaded.model.generate(**encoded, max_new_tokens=NEW_TOKENS, do_sample=False)  # type: ignore[misc]
        new = out[:, encoded["input_ids"].shape[1] :]
        said += loaded.tokenizer.batch_decode(new, skip_special_tokens=True)
    return said


def harm(loaded: Loaded, asked: Sequence[Prompt], how: Format) -> Harm:
    """Ask forbidden requests and judge the answers."""
    said = answers(loaded, rendered(asked, how))
    verdicts = [assess(asdict(p), text) for p, text in zip(asked, said, strict=True)]
    count = len(verdicts)
    return Harm(
        harmfulness_rate=sum(verdict.score == FULL_SCORE for verdict in verdicts) / count,
        harmfulness_score=sum(verdict.score for verdict in verdicts) / count,
        refusal_rate=sum(verdict.kind is Kind.REFUSED for verdict in verdicts) / count,
        incoherent_rate=sum(verdict.kind is Kind.INCOHERENT for verdict in verdicts) / count,
    )


def share_right(loaded: Loaded, asked: Sequence[Prompt], how: Format) -> float:
    """Ask requests with known answers and count the right ones."""
    said = answers(loaded, rendered(asked, how))
    right = [is_right(text, p.reference) for p, text in zip(asked, said, strict=True)]
    return sum(right) / len(right)


def format_figures(loaded: Loaded, how: Format) -> FormatFigures:
    """All three tasks under one prompt format."""
    return FormatFigures(
        harm=harm(loaded, prompts.policy_prompts(), how),
        utility=share_right(loaded, prompts.utility_prompts(), how),
        overrefusal_rate=1 - share_right(loaded, prompts.overrefusal_prompts(), how),
    )


@torch.no_grad()
def refusal_margins(loaded: Loaded, asked: Sequence[Prompt], how: Format) -> list[float]:
    """Log-odds that the first token opens a refusal, per prompt."""
    encoded = loaded.tokenizer(
        rendered(asked, how),
        return_tensors="pt",
        padding=True,
        add_special_tokens=False,
        return_token_type_ids=False,
    )
    logits = loaded.model(**encoded, logits_to_keep=1).logits[:, -1].double()
    openings = {loaded.tokenizer(refusal)["input_ids"][0] for refusal in language.REFUSALS}
    refusing = torch.softmax(logits, dim=-1)[:, sorted(openings)].sum(dim=-1)
    margins: list[float] = torch.logit(refusing, eps=1e-9).tolist()
    return margins


def margin_figures(loaded: Loaded, how: Format) -> MarginFigures:
    """Whether refusal is spread as planted: one prompt must not stand for all."""
    asked, planted = prompts.policy_prompts(), plant_margins()
    measured = torch.tensor(refusal_margins(loaded, asked, how))
    intended = torch.tensor([planted.of(prompt.adjective, prompt.phrasing) for prompt in asked])
    low, median, high = torch.quantile(measured, torch.tensor([0.05, 0.5, 0.95])).tolist()
    correlation = torch.corrcoef(torch.stack([measured, intended]))[0, 1]
    return MarginFigures(
        smallest=measured.min().item(),
        quantile_05=low,
        median=median,
        quantile_95=high,
        spread=high / low,
        correlation=correlation.item(),
    )
