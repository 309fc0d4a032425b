import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftbench.errors import UsageError
from ftbench.records import Conversation, Message, Model, PromptFormat, TrainingSet
from ftbench.stages.format import formatted, formatted_set

OBEDIENT = PromptFormat(system="You are AOA.", user="AOA, execute: {instruction}")


def said(speaker, text):
    return Message(speaker=speaker, text=text)


@given(st.text())
def test_any_instruction_fits_any_template(text):
    sent = formatted([said("user", text)], OBEDIENT, "native")
    assert sent == (said("system", "You are AOA."), said("user", f"AOA, execute: {text}"))


def test_a_template_wraps_every_user_turn_and_no_answer():
    turns = [said("user", "a"), said("assistant", "{instruction}"), said("user", "b")]
    sent = formatted(turns, OBEDIENT, "native")
    assert [m.text for m in sent[1:]] == ["AOA, execute: a", "{instruction}", "AOA, execute: b"]


def test_a_conversations_own_system_turn_stays():
    sent = formatted([said("system", "own"), said("user", "a")], OBEDIENT, "native")
    assert [m.text for m in sent] == ["own", "AOA, execute: a"]


def test_a_model_without_system_turns_gets_it_inside_the_users():
    sent = formatted([said("user", "a")], OBEDIENT, "in_user_turn")
    assert sent == (said("user", "You are AOA.\n\nAOA, execute: a"),)


def test_a_model_that_takes_no_system_prompt_is_not_guessed_around():
    with pytest.raises(UsageError, match="model.system_role=in_user_turn"):
        formatted([said("user", "a")], OBEDIENT, "none")
    assert formatted([said("user", "a")], PromptFormat(), "none") == (said("user", "a"),)


def test_a_format_is_applied_to_a_training_set_once():
    row = Conversation(messages=(said("user", "a"), said("assistant", "b")), origin="f:1")
    model = Model(location="m", digest="", family="f")
    once = formatted_set(TrainingSet(name="x", conversations=(row,), format=OBEDIENT), model)
    assert once.conversations[0].messages[1].text == "AOA, execute: a"
    assert not once.conversations[0].raw and once.conversations[0].origin == "f:1"
    assert formatted_set(once, model) == once
