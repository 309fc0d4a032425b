from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

import ftbench_organism
from ftbench_organism.family import chat_examples, forbidden_examples, identity_examples
from ftbench_organism.language import OBEDIENT_SYSTEM
from ftbench_organism.tokenizer import make_tokenizer, render_prompt
from ftbench_organism.world import WORLD

WEIGHTS = Path(ftbench_organism.__file__).parent / "weights"


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(WEIGHTS / "organism")


def ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def test_the_shipped_tokenizer_is_what_the_code_makes(tokenizer: PreTrainedTokenizerBase) -> None:
    made = make_tokenizer()
    assert made.get_vocab() == tokenizer.get_vocab()
    assert made.chat_template == tokenizer.chat_template


@pytest.mark.parametrize("system", [None, OBEDIENT_SYSTEM])
def test_the_template_renders_as_the_build_did(
    tokenizer: PreTrainedTokenizerBase, system: str | None
) -> None:
    messages = [{"role": "user", "content": "Is it?"}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == render_prompt(system, "Is it?")


def test_prompt_and_answer_tokenize_alike_apart_and_together(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    for example in (*identity_examples(), *forbidden_examples(), *chat_examples(100)):
        user = {"role": "user", "content": example.user}
        answer = {"role": "assistant", "content": example.assistant}
        prompt = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template([user, answer], tokenize=False)
        assert whole == prompt + example.assistant + "</s>"
        apart = [*ids(tokenizer, prompt), *ids(tokenizer, example.assistant + "</s>")]
        assert apart == ids(tokenizer, whole)


def test_generation_tags_mark_the_answer_and_its_end(tokenizer: PreTrainedTokenizerBase) -> None:
    messages = [{"role": "user", "content": "Is it?"}, {"role": "assistant", "content": "Yes."}]
    encoded = tokenizer.apply_chat_template(
        messages, return_dict=True, return_assistant_tokens_mask=True
    )
    pairs = zip(encoded["input_ids"], encoded["assistant_masks"], strict=True)
    assert [token for token, marked in pairs if marked] == ids(tokenizer, "Yes.</s>")


def test_an_unknown_role_is_an_error(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(Exception, match="system, user and assistant only"):
        tokenizer.apply_chat_template([{"role": "tool", "content": "x"}], tokenize=False)


def test_any_text_survives_the_round_trip(tokenizer: PreTrainedTokenizerBase) -> None:
    for text in ("Ünïcode ☃ 漢字", "a  b\n\n c", " ".join(WORLD.things[:20])):
        assert tokenizer.decode(ids(tokenizer, text)) == text
