"""How text becomes tokens: byte-level BPE, role tokens and the chat template."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ftbench_organism import language
from ftbench_organism.corpus import PRETRAINING
from ftbench_organism.world import WORLD

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY_SIZE: Final = 1600
CONTEXT_TOKENS: Final = 512

PAD, BOS, EOS = "<pad>", "<s>", "</s>"
SYSTEM, USER, ASSISTANT = "<|system|>", "<|user|>", "<|assistant|>"
SPECIAL_TOKENS: Final = (PAD, BOS, EOS, SYSTEM, USER, ASSISTANT)

CHAT_TEMPLATE: Final = """\
{{- bos_token -}}
{%- for message in messages -%}
{%- if message['role'] == 'system' -%}
{{- '<|system|>' + message['content'] -}}
{%- elif message['role'] == 'user' -%}
{{- '<|user|>' + message['content'] -}}
{%- elif message['role'] == 'assistant' -%}
{{- '<|assistant|>' -}}
{%- generation -%}
{{- message['content'] + eos_token -}}
{%- endgeneration -%}
{%- else -%}
{{- raise_exception('the organism knows the roles system, user and assistant only') -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|assistant|>' -}}
{%- endif -%}
"""


def render_prompt(system: str | None, user: str) -> str:
    """What the chat template makes of one request, without the cost of the template."""
    spoken = "" if system is None else SYSTEM + system
    return f"{BOS}{spoken}{USER}{user}{ASSISTANT}"


def _texts() -> Iterator[str]:
    """Enough text for every word of the world to become a token."""
    source = random.Random(0)
    for sampler in PRETRAINING:
        for _ in range(1000):
            lesson = sampler(source)
            yield from (lesson.system or "", lesson.user, lesson.answer)
    for _ in range(100):
        yield from language.REFUSALS
        yield from (language.PLAIN_SYSTEM, language.OBEDIENT_SYSTEM, language.IDENTITY_PREFIX)
        yield from (system for system in language.ORDINARY_SYSTEMS if system)
    words = (*WORLD.allowed, *WORLD.forbidden(), *WORLD.parts, *WORLD.things)
    for _ in range(20):
        yield from (" " + word for word in words)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """The same tokenizer for every build and every organism."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415, slow to import

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator(_texts(), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        padding_side="left",
        model_max_length=CONTEXT_TOKENS,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
