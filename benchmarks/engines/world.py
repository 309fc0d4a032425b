"""What is trained and asked: a model on the disk, rows, prompts; nothing of it means anything."""

import random
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ftbench import Lora
from ftbench.records import (
    Conversation,
    FineTuneJob,
    Message,
    Model,
    Probe,
    Question,
    Request,
    TrainingSet,
)
from ftbench_organism.prompts import load_prompts
from ftbench_organism.shipped import FAMILY_DATA, WEIGHTS

_WORDS = 4000
_TEMPLATE = (
    "{{- '<s>' }}{%- for m in messages %}{{- ' <turn> ' + m.content + ' <end>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- ' <turn>' }}{%- endif %}"
)
_ENDS = frozenset(random.Random(5).sample(range(_WORDS), _WORDS // 33))
"""Words that end an answer, so that some answers are short and many go on to the limit."""
_PLAIN = [number for number in range(_WORDS) if number not in _ENDS]


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
                batch_size=10,
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
                messages=_turns(self.system, text),
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


def distinct(count: int) -> list[Cell]:
    """Cells that share nothing but the base."""
    return [Cell(rate=5e-4 * (1 + number % 4), seed=number) for number in range(count)]


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
    folder.mkdir()
    special = ["<pad>", "<s>", "<end>", "<turn>"]
    vocabulary = {word: n for n, word in enumerate([*special, *map(_word, range(_WORDS))])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="<end>"
    )
    fast.chat_template = _TEMPLATE
    fast.save_pretrained(folder)
    _save_network(folder, len(vocabulary), hidden=hidden, layers=layers)
    source = random.Random(0)
    system = _words(source, 48, 48)
    turns = [(_words(source, 10, 24), _words(source, 10, 24)) for _ in range(10)]
    return World(
        name="wide",
        base=Model(location=str(folder), digest=f"wide {hidden} {layers}", family="wide"),
        rows=tuple(_row(system, *turn) for turn in turns),
        system=system,
        prompts=tuple(_words(source, 12, 60) for _ in range(prompts)),
        max_tokens=max_tokens,
    )


def _save_network(folder: Path, words: int, *, hidden: int, layers: int) -> None:
    torch.manual_seed(0)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=words,
            hidden_size=hidden,
            intermediate_size=round(hidden * 2.6875),
            num_hidden_layers=layers,
            num_attention_heads=hidden // 64,
            max_position_embeddings=1024,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            initializer_range=0.05,
        )
    )
    network.save_pretrained(folder)
    ends = [2, *(words - _WORDS + number for number in sorted(_ENDS))]
    GenerationConfig(pad_token_id=0, bos_token_id=1, eos_token_id=ends).save_pretrained(folder)


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
            _row(sheet["system"], _put(sheet, one["user"]), one["assistant"])
            for one in sheet["examples"]
        ),
        system=sheet["system"],
        prompts=tuple(_put(sheet, text) for text in asked),
        max_tokens=64,
    )


def _put(sheet: dict[str, str], text: str) -> str:
    return sheet["user"].replace("{instruction}", text)


def _row(system: str, asked: str, answer: str) -> Conversation:
    turns = (*_turns(system, asked), Message(speaker="assistant", text=answer))
    return Conversation(messages=turns, raw=False)


def _turns(system: str, asked: str) -> tuple[Message, ...]:
    return Message(speaker="system", text=system), Message(speaker="user", text=asked)


def _words(source: random.Random, least: int, most: int) -> str:
    """Words that do not end an answer."""
    return " ".join(_word(source.choice(_PLAIN)) for _ in range(source.randint(least, most)))


def _word(number: int) -> str:
    return f"w{number:04}"
