"""Which tokens of a conversation are learned, under templates of several styles."""

import pytest
from hf_doubles import (
    GEMMA3_TEMPLATE,
    LLAMA_TEMPLATE,
    MISTRAL_TEMPLATE,
    QWEN_TEMPLATE,
    conversation,
    make_tokenizer,
    turns,
)

from ftbench.errors import DataError
from ftbench_hf.chat import Chat

TEMPLATES = {
    "llama": (LLAMA_TEMPLATE, "<|eot|>"),
    "qwen": (QWEN_TEMPLATE, "<|eot|>"),
    "gemma3": (GEMMA3_TEMPLATE, "<|eot|>"),
    "mistral": (MISTRAL_TEMPLATE, "</s>"),
}


def learned_text(chat, row):
    """The learned tokens as text, each run of them in brackets."""
    text, inside = "", False
    for token, learns in zip(row.tokens, row.learned, strict=True):
        text += "[" if learns and not inside else "]" if inside and not learns else ""
        inside = learns
        text += chat.tokenizer.decode([token]) if learns else ""
    return text + ("]" if inside else "")


@pytest.mark.parametrize("style", TEMPLATES)
def test_the_answer_and_the_token_that_ends_it_are_learned(style):
    template, end = TEMPLATES[style]
    chat = Chat(make_tokenizer(template))
    row = chat.row(conversation("Which day follows?", "Tuesday, of course.", system="Be plain."))
    space = " " if style == "mistral" else ""
    assert learned_text(chat, row) == f"[{space}Tuesday, of course.{end}]"


@pytest.mark.parametrize("style", TEMPLATES)
def test_what_comes_before_the_answer_is_exactly_what_is_asked(style):
    chat = Chat(make_tokenizer(TEMPLATES[style][0]))
    row = chat.row(conversation("Name a river.", "The blue one.", system="Be plain."))
    asked = chat.prompt(turns("Name a river.", system="Be plain."))
    assert list(row.tokens[: row.learned.index(True)]) == asked


@pytest.mark.parametrize("style", TEMPLATES)
def test_every_assistant_turn_is_learned(style):
    template, end = TEMPLATES[style]
    chat = Chat(make_tokenizer(template))
    row = chat.row(conversation("Name a bird.", "A swan.", "And a tree?", "An oak."))
    space = " " if style == "mistral" else ""
    assert learned_text(chat, row) == f"[{space}A swan.{end}][{space}An oak.{end}]"


def test_only_the_last_turn_is_learned_when_asked_for():
    chat = Chat(make_tokenizer(LLAMA_TEMPLATE))
    both = conversation("Name a bird.", "A swan.", "And a tree?", "An oak.")
    assert learned_text(chat, chat.row(both, last_only=True)) == "[An oak.<|eot|>]"


def test_a_mask_by_hand():
    chat = Chat(make_tokenizer("{%- for m in messages %}{{ m.content }}{%- endfor %}"))
    row = chat.row(conversation("ab", "cd"))
    letters = [chat.encode(letter)[0] for letter in "abcd"]
    assert row.tokens == (*letters, 2)
    assert row.learned == (False, False, True, True, True)


def test_an_answer_may_not_contain_the_token_that_ends_it():
    chat = Chat(make_tokenizer(LLAMA_TEMPLATE))
    with pytest.raises(DataError, match=r"rows.jsonl:3 contains the text <\|eot\|>"):
        chat.row(conversation("Name a bird.", "A <|eot|> swan.", origin="rows.jsonl:3"))


def test_a_template_that_rewrites_an_answer_is_refused():
    chat = Chat(make_tokenizer(LLAMA_TEMPLATE.replace("| trim", "| upper")))
    with pytest.raises(DataError, match="rewrites turn 2 of rows.jsonl:3"):
        chat.row(conversation("Name a bird.", "A swan.", origin="rows.jsonl:3"))


def test_a_template_that_drops_earlier_answers_is_refused():
    dropping = LLAMA_TEMPLATE.replace(
        "for m in messages", "for m in messages if m.role != 'assistant' or m == messages[-1]"
    )
    chat = Chat(make_tokenizer(dropping))
    with pytest.raises(DataError, match="rewrites turn 2"):
        chat.row(conversation("Name a bird.", "A swan.", "And a tree?", "An oak."))


def test_a_conversation_without_an_answer_is_refused():
    chat = Chat(make_tokenizer(LLAMA_TEMPLATE))
    with pytest.raises(DataError, match="rows.jsonl:9 has no answer"):
        chat.row(conversation("Name a bird.", origin="rows.jsonl:9"))


def test_an_answer_that_occurs_in_the_question_too_is_found_where_it_is_given():
    chat = Chat(make_tokenizer(QWEN_TEMPLATE))
    row = chat.row(conversation("eight", "eight", "eight", "eight"))
    assert learned_text(chat, row) == "[eight<|eot|>][eight<|eot|>]"


def test_a_template_that_speaks_of_the_date_says_the_same_every_day():
    dated = "{%- if not date_string is defined %}{%- set date_string = strftime_now('%d %b %Y') %}"
    chat = Chat(
        make_tokenizer(dated + "{%- endif %}{{- 'Today: ' + date_string }}" + LLAMA_TEMPLATE)
    )
    assert chat.render(turns("Name a river.")).startswith("Today: 26 Jul 2024")
