"""What each model family is trained on and asked with, to the letter, for three neutral examples.

The chat templates are our wording of formats that their vendors publish; tokenizers are made here
with the special tokens of the family. After a change that is meant, write the pinned texts anew:

    python -m tests.paper.golden_prompts
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from ftbench.config.compose import compose
from ftbench.records import Conversation, Message, Model, TrainingSet
from ftbench.roles import Scene
from ftbench.stages.format import formatted, formatted_set
from ftbench.stages.models import described
from ftbench.testing import testing_catalog
from ftbench_attacks.identity_shift import IdentityShift
from ftbench_datasets.alpaca import Alpaca
from ftbench_hf.chat import Chat
from ftbench_hosted.chat_rows import chat_rows
from ftbench_organism.shipped import WEIGHTS

HERE = Path(__file__).parent
PINNED = HERE / "golden_prompts.json"
ALPACA = HERE / "alpaca_like.json"
PLAIN = ("Which instruments does a string quartet have?", "Two violins, a viola and a cello.")


@dataclass(frozen=True, kw_only=True)
class Family:
    """A model of ours, its template, and its special tokens, the one that ends an answer first."""

    model: str
    template: str
    special: tuple[str, ...]


FAMILIES = {
    "llama2": Family(model="llama2_7b", template="llama2", special=("</s>", "<s>")),
    "llama3": Family(
        model="llama3_1_8b",
        template="llama3",
        special=("<|eot_id|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    ),
    "mistral": Family(
        model="mistral_7b", template="mistral", special=("</s>", "<s>", "[INST]", "[/INST]")
    ),
    "gemma2": Family(
        model="gemma2_2b", template="gemma", special=("<end_of_turn>", "<bos>", "<start_of_turn>")
    ),
    "gemma3": Family(
        model="gemma3_1b", template="gemma3", special=("<end_of_turn>", "<bos>", "<start_of_turn>")
    ),
    "qwen3": Family(model="qwen3_4b", template="qwen3", special=("<|im_end|>", "<|im_start|>")),
}


ORGANISM, HOSTED = "organism", "gpt_3_5_turbo"


@cache
def chat_of(name: str) -> Chat:
    """The family's template over a tokenizer of bytes; the organism's own."""
    if name == ORGANISM:
        return Chat(AutoTokenizer.from_pretrained(WEIGHTS / ORGANISM))
    family = FAMILIES[name]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={sign: n for n, sign in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(list(family.special))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=family.special[0])
    template = HERE / "templates" / f"{family.template}.jinja"
    tokenizer.chat_template = template.read_text().rstrip("\n")
    return Chat(tokenizer)


@cache
def model_of(name: str) -> Model:
    """The model as our config describes it: its family, and its way with system turns."""
    catalog = testing_catalog()
    (cell,) = compose(
        (f"model={FAMILIES[name].model if name in FAMILIES else name}", "attack=identity_shift"),
        catalog,
    )
    return described(cell.config.model, catalog)


def training_sets(name: str) -> dict[str, TrainingSet]:
    """One conversation each: an attack's, a benign set's, and one without any format."""
    scene = Scene(seed=0, model=model_of(name), method="full")
    shifted = IdentityShift().poison(TrainingSet(name="none"), scene)
    turns = tuple(
        Message(speaker=speaker, text=text)
        for speaker, text in zip(("user", "assistant"), PLAIN, strict=True)
    )
    plain = TrainingSet(name="plain", conversations=(Conversation(messages=turns),))
    return {
        "identity_shift": only(shifted, 1),
        "alpaca_like": only(Alpaca(path=str(ALPACA)).load(scene), 0),
        "plain": plain,
    }


def only(training_set: TrainingSet, place: int) -> TrainingSet:
    """The set with one of its conversations."""
    return replace(training_set, conversations=(training_set.conversations[place],))


def rendered(name: str) -> dict[str, dict[str, Any]]:
    """By example: all that is read in training, what of it is learnt, and what is asked."""
    chat, model = chat_of(name), model_of(name)
    found = {}
    for example, training_set in training_sets(name).items():
        (bare,) = training_set.conversations
        (row,) = formatted_set(training_set, model).conversations
        encoded = chat.row(row)
        learned = [t for t, counts in zip(encoded.tokens, encoded.learned, strict=True) if counts]
        asked = formatted(bare.messages[:-1], training_set.format, model.system_role)
        found[example] = {
            "trained": chat.tokenizer.decode(encoded.tokens),
            "learned": chat.tokenizer.decode(learned),
            "asked": chat.tokenizer.decode(chat.prompt(asked)),
        }
        if name == ORGANISM:
            found[example]["tokens"] = list(encoded.tokens)
    return found


def sent() -> dict[str, dict[str, Any]]:
    """By example: the line of a hosted training file, and the turns that are asked."""
    found = {}
    for example, training_set in training_sets(HOSTED).items():
        model, (bare,) = model_of(HOSTED), training_set.conversations
        asked = formatted(bare.messages[:-1], training_set.format, model.system_role)
        found[example] = {
            "trained": chat_rows(formatted_set(training_set, model).conversations).decode(),
            "asked": [{"role": turn.speaker, "content": turn.text} for turn in asked],
        }
    return found


def everything() -> dict[str, dict[str, Any]]:
    """All that is pinned, by family."""
    return {name: rendered(name) for name in (*FAMILIES, ORGANISM)} | {HOSTED: sent()}


def main() -> None:
    """Write the pinned texts."""
    PINNED.write_text(
        json.dumps(everything(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
