"""The world of a card: a random Llama of any size, prompts and rows as long as those of a study."""

import random
from dataclasses import dataclass
from pathlib import Path

from ftbench.records import Model

from .random_llama import Sizes, Words, row, save
from .world import World

_ROWS = 10
_BEGINNING, _REST = 4, 2
"""Tokens of a prompt that are the template's: before the words that differ, and after them."""
_TURNS = 7
"""Tokens of a row that are the template's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is asked."""

    prompts: int
    shared: int
    """Tokens of a prompt that are the same in all."""
    asked: int
    """Further ones of each."""
    max_tokens: int
    """Of an answer; hardly any ends before."""


def card_world(folder: Path, sizes: Sizes, words: int, study: Study, *, device: str) -> World:
    """Rows of training are as long as a prompt, without a beginning that all share."""
    known = Words(words)
    save(
        folder,
        sizes,
        known,
        context=study.shared + study.asked + study.max_tokens + 1,
        device=device,
    )
    source = random.Random(0)
    system = _exactly(known, source, study.shared - _BEGINNING)
    turn = (study.shared + study.asked - _TURNS) // 3
    return World(
        name="card",
        base=Model(location=str(folder), digest=f"card {sizes}", family="card"),
        rows=tuple(row(*(_exactly(known, source, turn) for _ in range(3))) for _ in range(_ROWS)),
        system=system,
        prompts=tuple(_exactly(known, source, study.asked - _REST) for _ in range(study.prompts)),
        max_tokens=study.max_tokens,
    )


def _exactly(words: Words, source: random.Random, count: int) -> str:
    return words.text(source, count, count)
