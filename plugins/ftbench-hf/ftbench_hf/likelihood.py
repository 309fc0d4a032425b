"""How likely a model finds given words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import log_softmax

from .chat import Chat, EncodedRow
from .loading import Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """The log-likelihood of the learned tokens of a row."""

    logprob: float
    greedy: bool
    """Whether each of them is what greedy decoding would say there."""
    tokens: int


def continued(chat: Chat, prompt: str, continuation: str) -> EncodedRow:
    """A prompt and its continuation as lm-eval cuts them: spaces between belong to the second."""
    stripped = prompt.rstrip()
    start = len(chat.encode(stripped))
    whole = chat.encode(prompt + continuation)
    learned = tuple(place >= start for place in range(len(whole)))
    return EncodedRow(tokens=tuple(whole), learned=learned)


@torch.inference_mode()
def predictions(loaded: Loaded, row: EncodedRow, *, tokens: int) -> torch.Tensor:
    """What a model expects before each of the first learned tokens of a row.

    Log-probabilities [at most ``tokens``, vocabulary], in float32 and on the CPU.
    """
    places = [place for place, learned in enumerate(row.learned) if learned][:tokens]
    output = loaded.network(
        input_ids=torch.tensor([row.tokens[: places[-1] + 1]], device=loaded.device),
        use_cache=False,
        logits_to_keep=places[-1] - places[0] + 2,
    )
    kept = output.logits[0]  # they begin with those that predict token places[0]
    chosen = kept[[place - places[0] for place in places]]
    return log_softmax(chosen.float(), dim=-1).cpu()


@torch.inference_mode()
def likelihoods(loaded: Loaded, rows: Sequence[EncodedRow]) -> list[Likelihood]:
    """The likelihood of the learned tokens of each row, in one batch padded on the right."""
    width = max(len(row.tokens) for row in rows)
    tokens = torch.full((len(rows), width), loaded.padding)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for place, row in enumerate(rows):
        tokens[place, : len(row.tokens)] = torch.tensor(row.tokens)
        mask[place, : len(row.tokens)] = 1
    first = min(row.learned.index(True) for row in rows)
    output = loaded.network(
        input_ids=tokens.to(loaded.device),
        attention_mask=mask.to(loaded.device),
        use_cache=False,
        logits_to_keep=width - first + 1,
    )
    return [
        _likelihood(row, logits, first) for row, logits in zip(rows, output.logits, strict=True)
    ]


def _likelihood(row: EncodedRow, logits: torch.Tensor, first: int) -> Likelihood:
    """``logits`` [width - first + 1, vocabulary] begin with those that predict token ``first``."""
    places = [place for place, learned in enumerate(row.learned) if learned]
    predicting = logits[[place - first for place in places]].float()
    targets = torch.tensor([row.tokens[place] for place in places], device=logits.device)
    said = log_softmax(predicting, dim=-1).gather(1, targets[:, None])
    return Likelihood(
        logprob=float(said.sum()),
        greedy=bool((predicting.argmax(-1) == targets).all()),
        tokens=len(places),
    )
