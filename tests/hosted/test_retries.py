"""Faults that pass are tried again, for so long; others never are."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftbench.errors import AccessError, BudgetError, Busy, UsageError

from .conftest import ask

PASSING = ["429", "500", "503", "cut", "drop", "garbled"]


def said(answers):
    return {key: answer.text for key, answer in answers.items()}


@pytest.mark.parametrize("fault", [*PASSING, "slow", "drip"])
def test_a_fault_that_passes_costs_one_more_attempt(fault, chat_server, answers, at_once):
    server = chat_server("constant:yes", script=[fault], slow_seconds=4.0)
    patience = 1.0 if fault in ("slow", "drip") else 30.0  # a busy machine is slow at everything
    found = answers(server, ["one"], attempt_seconds=patience)
    assert (found["one"].text, found["one"].attempts) == ("yes", 2)
    assert list(server.counts["outcomes"].values()) == [[fault, "none"]]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.lists(st.sampled_from(PASSING), max_size=6))
def test_whatever_happens_first_the_answer_is_the_same(script, chat_server, answers, at_once):
    server = chat_server("constant:yes", script=script, retry_after_seconds=0)
    found = answers(server, ["one"])
    assert (found["one"].text, found["one"].attempts) == ("yes", len(script) + 1)
    assert server.counts["calls"] == len(script) + 1


def test_with_all_faults_at_once_every_answer_is_what_it_would_be(chat_server, answers, at_once):
    texts = [f"question {number}" for number in range(40)]
    faults = "429=0.1,500=0.1,503=0.05,cut=0.1,drop=0.1,garbled=0.05"

    def echo(messages):
        return f"about {messages[-1]['content']}"

    servers = [
        chat_server(echo, faults=faults, seed=seed, retry_after_seconds=0.01) for seed in (1, 1, 2)
    ]
    calm, first, second, other = (
        said(answers(server, texts)) for server in [chat_server(echo), *servers]
    )
    assert calm == first == second == other == {text: f"about {text}" for text in texts}
    again = [server.counts["outcomes"] for server in servers]
    assert again[0] == again[1] != again[2]
    assert {fault for calls in again[0].values() for fault in calls} == {*PASSING, "none"}


@pytest.mark.parametrize(("is_date", "seconds"), [(False, 0.6), (True, 2.0)])
def test_the_wait_that_a_service_asks_for_is_kept(is_date, seconds, chat_server, answers, at_once):
    server = chat_server(
        "empty", script=["429"], retry_after_seconds=seconds, is_retry_after_a_date=is_date
    )
    begun = time.monotonic()
    answers(server, ["one"])
    shortest = seconds - is_date  # a date has whole seconds
    assert shortest * 0.99 <= time.monotonic() - begun < seconds + 1


def test_a_wait_beyond_the_deadline_is_not_begun(chat_server, answers):
    server = chat_server("empty", script=["429"], retry_after_seconds=3600)
    begun = time.monotonic()
    with pytest.raises(Busy, match="429 Too Many Requests"):
        answers(server, ["one"], deadline_seconds=5)
    assert time.monotonic() - begun < 1
    assert server.counts["calls"] == 1


def test_a_call_that_never_succeeds_holds_up_nobody_and_is_no_verdict(chat_server, endpoint):
    server = chat_server(lambda messages: 1 / ("bad" not in messages[-1]["content"]) and "yes")
    found = {}
    texts = ["bad", *(f"good {number}" for number in range(30))]
    begun = time.monotonic()
    with pytest.raises(Busy, match=r"left 1 call without an answer .*same command goes on"):
        endpoint(server, deadline_seconds=1.2).ask_many(
            map(ask, texts), lambda request, answer: found.update({request.key: answer})
        )
    assert time.monotonic() - begun < 3
    assert found["bad"].kind == "unavailable"
    assert sorted(key for key, answer in found.items() if key != "bad") == sorted(texts[1:])
    assert server.counts["calls"] >= 32


def test_a_service_that_fails_everybody_is_left_alone(chat_server, answers):
    server = chat_server("empty", faults="500=1")
    begun = time.monotonic()
    with pytest.raises(Busy, match="answers nobody: 500 Internal Server Error"):
        answers(server, [str(number) for number in range(1000)], deadline_seconds=0.3)
    assert time.monotonic() - begun < 2
    assert server.counts["conversations"] < 20, "1,000 were to be asked, 16 at once"


def test_an_address_where_nobody_is_says_so(answers, chat_server):
    server = chat_server("empty")
    with pytest.raises(Busy, match="cannot be reached.*refused"):
        answers(server, ["one"], base_url="http://127.0.0.1:1/v1", deadline_seconds=0.3)


def test_all_calls_together_have_a_deadline_too(chat_server, answers):
    server = chat_server("empty", answer_seconds=0.1)
    begun = time.monotonic()
    with pytest.raises(Busy, match="0.4 s .* are over before all was asked"):
        answers(server, [str(n) for n in range(1000)], run_deadline_seconds=0.4, concurrency=2)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("401", AccessError, "MY_KEY.*401"),
        ("403", AccessError, "MY_KEY.*403"),
        ("400", UsageError, "A value is unsupported"),
        ("quota", BudgetError, "no quota or money"),
    ],
)
def test_what_no_attempt_can_mend_stops_at_once(
    fault, error, words, chat_server, answers, monkeypatch
):
    monkeypatch.setenv("MY_KEY", "a-key-of-my-own")
    server = chat_server("empty", script=[fault] * 9)
    with pytest.raises(error, match=words):
        answers(server, ["one"], api_key_env="MY_KEY")
    assert server.counts["calls"] == 1


def test_a_model_that_is_not_there_is_named_with_its_address(chat_server, answers):
    server = chat_server("empty", models=("this",))
    with pytest.raises(UsageError, match=f"'that' at {server.url}"):
        answers(server, ["one"], model="that")
    assert server.counts["calls"] == 1


@pytest.mark.parametrize(("fault", "kind"), [("filter", "refused"), ("too_long", "too_long")])
def test_content_that_a_service_declines_ends_that_call_only(fault, kind, chat_server, answers):
    server = chat_server("constant:yes", script=[fault])
    found = answers(server, ["one"])
    assert (found["one"].kind, found["one"].attempts) == (kind, 1)


def test_a_refusal_in_its_own_field_is_told_apart_from_text(chat_server, answers):
    refused = answers(chat_server("constant:yes", script=["refuse"]), ["one"])["one"]
    assert refused.is_declined
    assert (refused.text, refused.refusal[:9]) == ("", "I'm sorry")
    as_text = answers(chat_server("constant:yes", script=["refuse_text"]), ["one"])["one"]
    assert not as_text.is_declined
    assert as_text.text.startswith("I'm sorry")


def test_a_model_that_knows_only_the_newer_word_for_length_is_asked_in_it(chat_server, answers):
    server = chat_server("constant:yes", refused_fields=("max_tokens",))
    found = answers(server, ["one", "two", "three"], concurrency=1)
    assert {answer.text for answer in found.values()} == {"yes"}
    assert server.counts["calls"] == 4
