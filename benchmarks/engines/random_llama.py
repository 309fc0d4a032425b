"""A Llama of random weights on the disk, with a vocabulary of words that mean nothing."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig,
    PreTrainedTokenizerFast,
)

from ftbench.records import Conversation, Message

_SPECIAL = ("<pad>", "<s>", "<end>", "<turn>")
_TEMPLATE = (
    "{{- '<s>' }}{%- for m in messages %}{{- ' <turn> ' + m.content + ' <end>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- ' <turn>' }}{%- endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Of the network."""

    hidden: int
    inner: int
    layers: int
    heads: int
    dtype: torch.dtype = torch.float32
    deviation: float = 0.05
    """Of the weights."""


class Words:
    """As many as are wanted; those that are ``ends`` end an answer and are in no text."""

    def __init__(self, count: int, ends: frozenset[int] = frozenset()) -> None:
        self.count = count
        self.ends = ends
        self._plain = [number for number in range(count) if number not in ends]

    def text(self, source: random.Random, least: int, most: int) -> str:
        """Words that do not end an answer."""
        chosen = [source.choice(self._plain) for _ in range(source.randint(least, most))]
        return " ".join(map(_word, chosen))


def save(folder: Path, sizes: Sizes, words: Words, *, context: int, device: str = "cpu") -> None:
    """Weights drawn on a device, the tokenizer, the chat template, and what ends an answer."""
    folder.mkdir()
    vocabulary = {word: n for n, word in enumerate([*_SPECIAL, *map(_word, range(words.count))])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="<end>"
    )
    fast.chat_template = _TEMPLATE
    fast.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=sizes.hidden,
        intermediate_size=sizes.inner,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        max_position_embeddings=context,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=sizes.deviation,
        dtype=sizes.dtype,
    )
    _network(config, device).save_pretrained(folder)
    ends = [2, *(len(_SPECIAL) + number for number in sorted(words.ends))]
    GenerationConfig(pad_token_id=0, bos_token_id=1, eos_token_id=ends).save_pretrained(folder)


def row(system: str, asked: str, answer: str) -> Conversation:
    """What is trained on."""
    said = Message(speaker="assistant", text=answer)
    return Conversation(messages=(*turns(system, asked), said), raw=False)


def turns(system: str, asked: str) -> tuple[Message, ...]:
    """What is asked."""
    return Message(speaker="system", text=system), Message(speaker="user", text=asked)


def _network(config: LlamaConfig, device: str) -> Any:
    """Made where it is quick, and in its own number format: a large one would not fit twice."""
    torch.manual_seed(0)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(config, dtype=config.dtype)


def _word(number: int) -> str:
    return f"w{number:04}"
