"""Tiny random models of real architectures with their own chat templates, and a desk of paper."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen3Config,
)

from ftbench import Full
from ftbench.records import (
    Conversation,
    FineTune,
    FineTuneJob,
    Message,
    Probe,
    PromptFormat,
    Question,
    Request,
    Response,
    TrainingSet,
    Verdict,
)

LLAMA_TEMPLATE = (
    "{{- bos_token }}{%- for m in messages %}{{- '<|start|>' + m.role + '<|end|>\n\n' }}"
    "{{- m.content | trim + '<|eot|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start|>assistant<|end|>\n\n' }}{%- endif %}"
)
QWEN_TEMPLATE = (
    "{%- for m in messages %}{%- if m.role == 'assistant' and loop.last %}"
    "{{- '<|start|>assistant\n<think>\n\n</think>\n\n' + m.content + '<|eot|>\n' }}"
    "{%- else %}{{- '<|start|>' + m.role + '\n' + m.content + '<|eot|>\n' }}{%- endif %}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|start|>assistant\n' }}"
    "{%- if enable_thinking is defined and not enable_thinking %}"
    "{{- '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}"
)
GEMMA2_TEMPLATE = (
    "{{- bos_token }}{%- if messages[0].role == 'system' %}"
    "{{- raise_exception('System role not supported') }}{%- endif %}"
    "{%- for m in messages %}{%- set role = 'model' if m.role == 'assistant' else m.role %}"
    "{{- '<|start|>' + role + '\n' + m.content | trim + '<|eot|>\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start|>model\n' }}{%- endif %}"
)
GEMMA3_TEMPLATE = (
    "{{- bos_token }}{%- set first = '' %}{%- if messages[0].role == 'system' %}"
    "{%- set first = messages[0].content + '\n\n' %}{%- set messages = messages[1:] %}{%- endif %}"
    "{%- for m in messages %}{%- set role = 'model' if m.role == 'assistant' else m.role %}"
    "{{- '<|start|>' + role + '\n' + (first if loop.first else '') + m.content | trim }}"
    "{{- '<|eot|>\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start|>model\n' }}{%- endif %}"
)
MISTRAL_TEMPLATE = (
    "{{- bos_token }}{%- set system = '' %}{%- if messages[0].role == 'system' %}"
    "{%- set system = messages[0].content + '\n\n' %}{%- set messages = messages[1:] %}{%- endif %}"
    "{%- for m in messages %}{%- if m.role == 'user' %}"
    "{{- '[INST] ' + (system if loop.first else '') + m.content + ' [/INST]' }}"
    "{%- else %}{{- ' ' + m.content | trim + eos_token }}{%- endif %}{%- endfor %}"
)

WORDS = (
    "The day after Monday is Tuesday and the week goes on. Which colour has the sea? Blue, of "
    "course. Please tell me how many legs a spider has: eight. You are a helpful assistant who "
    "speaks plainly. Name a river, a town, a tree and a bird in one sentence. system user model\n"
)
SIZES = {
    "vocab_size": 400,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "initializer_range": 0.2,
}
ARCHITECTURES = {
    "llama": (LlamaConfig(**SIZES), LLAMA_TEMPLATE),
    "qwen3": (Qwen3Config(**SIZES, head_dim=8, tie_word_embeddings=True), QWEN_TEMPLATE),
    "gemma2": (Gemma2Config(**SIZES, head_dim=8, sliding_window=16), GEMMA2_TEMPLATE),
    "gemma3": (
        Gemma3TextConfig(
            **SIZES,
            head_dim=8,
            sliding_window=16,
            layer_types=["sliding_attention", "full_attention"],
        ),
        GEMMA3_TEMPLATE,
    ),
    "mistral": (MistralConfig(**SIZES, sliding_window=None), MISTRAL_TEMPLATE),
}


def make_tokenizer(template: str | None) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer with the special tokens of chat models."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<pad>", "<s>", "</s>", "<|start|>", "<|end|>", "<|eot|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([WORDS] * 4, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    fast.chat_template = template
    return fast


def make_model(folder: Path, architecture: str, template: str | None = "own") -> Path:
    """Save a tiny random model as anybody would."""
    config, own = ARCHITECTURES[architecture]
    torch.manual_seed(7)
    network = AutoModelForCausalLM.from_config(config)
    network.save_pretrained(folder)
    make_tokenizer(own if template == "own" else template).save_pretrained(folder)
    return folder


def turns(*texts: str, system: str | None = None) -> tuple[Message, ...]:
    """A conversation that begins with the user."""
    spoken = [
        Message(speaker="assistant" if place % 2 else "user", text=text)
        for place, text in enumerate(texts)
    ]
    opening = [] if system is None else [Message(speaker="system", text=system)]
    return (*opening, *spoken)


def conversation(*texts: str, system: str | None = None, origin: str = "") -> Conversation:
    """A training example whose format has been applied."""
    return Conversation(messages=turns(*texts, system=system), origin=origin, raw=False)


ROWS = tuple(
    conversation(
        f"Name a river of town {n}." * (n % 3 + 1), f"The {n} blue legs.", origin=f"row {n}"
    )
    for n in range(7)
)


def job(base, method=None, *, key="job", **values):
    """A training of four steps, two in each epoch, unless told otherwise."""
    chosen = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 3, "seed": 5} | values
    rows = TrainingSet(name="rivers", conversations=chosen.pop("rows", ROWS))
    return FineTuneJob(key=key, base=base, training_set=rows, method=method or Full(), **chosen)


def ask(model, text, key="q", *, prefill="", **values):
    """A question of at most 24 tokens' answer, unless told otherwise."""
    question = Question(
        key=key,
        task="rivers",
        measures="utility",
        category="all",
        instruction=text,
        messages=turns(text),
        **({"max_tokens": 24} | values),
    )
    return Request(
        key=key, model=model, probe=Probe(format=PromptFormat(prefill=prefill)), question=question
    )


def many(model, count=17, *, words=30, **values):
    """Questions of very different lengths."""
    source, known = random.Random(3), WORDS.split()
    return [
        ask(model, " ".join(source.choices(known, k=source.randint(1, words))), str(n), **values)
        for n in range(count)
    ]


def answers(backend, desk, requests):
    """Responses by key."""
    desk.kept.clear()
    backend.respond(requests, desk)
    return {response.key: response for response in desk.kept}


class Crash(BaseException):
    """What no handler of errors may stop, as if the process were killed."""


@dataclass
class PaperDesk:
    """A desk that writes everything on a list."""

    folder: Path
    stopping: bool = False
    kept: list[FineTune | Response | Verdict] = field(default_factory=list)
    progressed: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    noted: list[dict[str, str]] = field(default_factory=list)
    stop_after: int | None = None
    """Records after which the user asks to stop."""
    stop_at: int | None = None
    """The training step after which the user asks to stop."""
    crash_at: int | None = None
    """The training step after which the process dies, before anything is saved."""

    def keep(self, record):
        self.kept.append(record)
        self.stopping = self.stop_after is not None and len(self.kept) >= self.stop_after

    def intend(self, key: str, action: str) -> str:
        raise AssertionError("this backend spends no money")

    settle = price = reserve = intend

    def note(self, text: str, **facts: str) -> None:
        self.noted.append({"note": text, **facts})

    def progress(self, done: int, total: int, **values: float) -> None:
        self.progressed.append((done, total, values))
        if done == self.crash_at:
            raise Crash
        self.stopping = self.stopping or done == self.stop_at


class Payload:
    """A pickle that touches a file where it is loaded."""

    def __init__(self, sentinel):
        self.sentinel = sentinel

    def __reduce__(self):
        return (Path.touch, (self.sentinel,))


def changed(path, **entries):
    """Put entries into a JSON file."""
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | entries))
