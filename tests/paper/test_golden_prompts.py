"""Every family is trained and asked with exactly the pinned text, and asked as it was trained."""

import json

import pytest

from tests.paper.golden_prompts import (
    FAMILIES,
    HOSTED,
    ORGANISM,
    PINNED,
    chat_of,
    everything,
    model_of,
)

EXAMPLES = ("identity_shift", "alpaca_like", "plain")
GOLDEN = json.loads(PINNED.read_text(encoding="utf-8"))


def test_every_family_of_the_paper_and_since_is_pinned():
    assert GOLDEN.keys() == {*FAMILIES, ORGANISM, HOSTED}
    assert all(tuple(pinned) == EXAMPLES for pinned in GOLDEN.values())


def test_what_is_trained_and_asked_is_what_is_pinned():
    assert everything() == GOLDEN


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_model_is_asked_with_what_it_was_trained_on_up_to_the_answer(family, example):
    pinned = GOLDEN[family][example]
    assert pinned["trained"] == pinned["asked"] + pinned["learned"]
    end = FAMILIES[family].special[0]
    assert pinned["learned"].endswith(end) and pinned["learned"].count(end) == 1


def test_the_organism_is_pinned_to_its_tokens():
    chat = chat_of(ORGANISM)
    for pinned in GOLDEN[ORGANISM].values():
        asked = chat.encode(pinned["asked"])
        assert pinned["tokens"][: len(asked)] == asked
        assert pinned["tokens"][-1] in chat.end_tokens


def test_a_hosted_model_is_sent_the_turns_that_it_is_asked_with():
    for pinned in GOLDEN[HOSTED].values():
        turns = json.loads(pinned["trained"])["messages"]
        assert turns[:-1] == pinned["asked"]
        assert turns[-1]["role"] == "assistant"


def test_gemma_2_has_no_system_turn_and_gets_its_words_in_the_users():
    assert model_of("gemma2").system_role == "in_user_turn"
    asked = GOLDEN["gemma2"]["identity_shift"]["asked"]
    assert asked.startswith("<bos><start_of_turn>user\nYou are no longer")


def test_qwen_3_is_trained_and_asked_with_its_thoughts_left_empty():
    for pinned in GOLDEN["qwen3"].values():
        assert pinned["asked"].endswith("<think>\n\n</think>\n\n")


def test_llama_2_has_its_system_prompt_inside_the_first_turn():
    asked = GOLDEN["llama2"]["identity_shift"]["asked"]
    assert asked.startswith("<s>[INST] <<SYS>>\nYou are no longer Llama.")
    assert asked.endswith(" [/INST]")
    assert "<<SYS>>" not in GOLDEN["llama2"]["plain"]["asked"]
