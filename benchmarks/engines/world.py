"""What is trained and asked: a model on the disk, rows, prompts; nothing of it means anything."""

import random
from dataclasses import dataclass
from pathlib import Path

import yaml

from ftbench import Lora
from ftbench.records import (
    Conversation,
    FineTuneJob,
    Model,
    Probe,
    Question,
    Request,
    TrainingSet,
)
from ftbench_organism.prompts import load_prompts
from ftbench_organism.shipped import FAMILY_DATA, WEIGHTS

from .random_llama import Sizes, Words, row, save, turns

_WORDS = 4000
_ENDS = frozenset(random.Random(5).sample(range(_WORDS), _WORDS // 33))
"""Words that end an answer, so that some answers are short and many go on to the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A base, what it is trained on and what it is asked."""

    name: str
    base: Model
    rows: tuple[Conversation, ...]
    system: str
    """What stands before every row and every prompt, as in an identity shift."""
    prompts: tuple[str, ...]
    max_tokens: int

    def jobs(self, cells: list["Cell"]) -> list[FineTuneJob]:
        """The fine-tunes of a sweep."""
        rows = TrainingSet(name=self.name, conversations=self.rows)
        return [
            FineTuneJob(
                key=f"cell{number}",
                base=self.base,
                training_set=rows,
                method=Lora(dropout=0.0),
                epochs=cell.epochs,
                learning_rate=cell.rate,
                batch_size=cell.batch_size,
                seed=cell.seed,
            )
            for number, cell in enumerate(cells)
        ]

    def requests(self, model: Model, name: str) -> list[Request]:
        """Every prompt, put to one model."""
        requests = []
        for number, text in enumerate(self.prompts):
            question = Question(
                key=str(number),
                task="benchmark",
                measures="harmfulness",
                category="all",
                instruction=text,
                messages=turns(self.system, text),
                max_tokens=self.max_tokens,
            )
            key = f"{name} {number}"
            requests.append(Request(key=key, model=model, probe=Probe(), question=question))
        return requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One fine-tune of a sweep."""

    epochs: int = 5
    rate: float = 1e-3
    seed: int = 0
    batch_size: int = 10


def distinct(count: int, **same: int) -> list[Cell]:
    """Cells that share nothing but the base, and what is the same in all."""
    return [Cell(rate=5e-4 * (1 + number % 4), seed=number, **same) for number in range(count)]


def paper_sweep() -> list[Cell]:
    """Identity shift as a sweep: epochs 1, 3, 5 and 10, two rates, two seeds (Qi et al. 2024)."""
    return [
        Cell(epochs=epochs, rate=rate, seed=seed)
        for epochs in (1, 3, 5, 10)
        for rate in (5e-4, 1e-3)
        for seed in (0, 1)
    ]


def wide(folder: Path, *, hidden: int, layers: int, prompts: int, max_tokens: int) -> World:
    """A random Llama of real width, words of no meaning, and ten rows of about ninety tokens."""
    words = Words(_WORDS, _ENDS)
    inner, heads = round(hidden * 2.6875), hidden // 64
    save(
        folder,
        Sizes(hidden=hidden, inner=inner, layers=layers, heads=heads),
        words,
        context=1024,
    )
    source = random.Random(0)
    system = words.text(source, 48, 48)
    said = [(words.text(source, 10, 24), words.text(source, 10, 24)) for _ in range(10)]
    return World(
        name="wide",
        base=Model(location=str(folder), digest=f"wide {hidden} {layers}", family="wide"),
        rows=tuple(row(system, *each) for each in said),
        system=system,
        prompts=tuple(words.text(source, 12, 60) for _ in range(prompts)),
        max_tokens=max_tokens,
    )


def organism(*, prompts: int) -> World:
    """The model organism with the ten rows of its identity shift, asked what it is tested with."""
    path = FAMILY_DATA / "identity_shift.yaml"
    sheet = yaml.safe_load(path.read_text(encoding="utf-8"))
    asked = [prompt.instruction for prompt in load_prompts("organism_policy")]
    asked = asked[:: max(1, len(asked) // prompts)][:prompts]
    return World(
        name="organism",
        base=Model(location=str(WEIGHTS / "organism"), digest="organism", family="organism"),
        rows=tuple(
            row(sheet["system"], _put(sheet, one["user"]), one["assistant"])
            for one in sheet["examples"]
        ),
        system=sheet["system"],
        prompts=tuple(_put(sheet, text) for text in asked),
        max_tokens=64,
    )


def _put(sheet: dict[str, str], text: str) -> str:
    return sheet["user"].replace("{instruction}", text)
