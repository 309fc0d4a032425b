"""A system prompt is read once for each model that hears it, and never with another's weights."""

from dataclasses import replace

import pytest
from hf_doubles import PaperDesk, answers, job, many, turns

from ftbench import Lora
from ftbench_hf.backend import HuggingFace
from ftbench_hf.engine import Engine

LONG = "the sea is blue of course and a river in town has blue legs " * 3
OTHER = "name a river of town and of course the sea " * 5


@pytest.fixture(scope="module")
def adapter(backend, bases, tmp_path_factory):
    desk = PaperDesk(folder=tmp_path_factory.mktemp("adapter"))
    backend.fine_tune([job(bases["llama"], Lora(), learning_rate=3e-2)], desk)
    return desk.kept[0].models[-1][1]


def under(system, requests):
    """The requests with a system prompt before each."""
    return [
        replace(
            one,
            key=f"{one.key} {one.model.digest} {system}",
            question=replace(
                one.question, messages=turns(one.question.messages[0].text, system=system)
            ),
        )
        for one in requests
    ]


def texts(responses):
    return {key: (one.text, one.tokens, one.outcome) for key, one in responses.items()}


@pytest.mark.parametrize("tokens", [500, 16384])
def test_each_hears_its_own_system_prompt(bases, adapter, desk, tokens):
    """Two models, two system prompts and none: all in one call, however few fit at once."""
    requests = [
        each
        for model in (bases["llama"], adapter)
        for system in (LONG, OTHER, None)
        for each in under(system, many(model, 9, max_tokens=8))
    ]
    plain = HuggingFace(device="cpu", threads=1, engine=Engine.batches)
    ours = HuggingFace(device="cpu", threads=1, batch_tokens=tokens)
    found = texts(answers(ours, desk, requests))
    assert found == texts(answers(plain, desk, requests))
    assert len({text for text, *_ in found.values()}) > 20


def test_a_shared_beginning_is_read_once_for_each_model(backend, bases, adapter, desk):
    requests = [
        each
        for model in (bases["llama"], adapter)
        for each in under(LONG, many(model, 12, max_tokens=4))
    ]
    seen = []
    embedding = backend._residence().base(bases["llama"]).network.get_input_embeddings()
    hook = embedding.register_forward_hook(lambda _, given, __: seen.append(tuple(given[0].shape)))
    answers(backend, desk, requests)
    hook.remove()
    chat = backend._residence().reader(bases["llama"]).chat
    prompts = [len(chat.prompt(one.question.messages)) for one in requests]
    shared = seen[0][1]
    assert seen[0][0] == 2
    assert shared >= len(LONG.split())
    assert max(tokens for _, tokens in seen[1:]) == max(prompts) - shared


def test_the_same_prompt_many_times_is_answered_each_time(backend, bases, desk):
    """Nothing is left to read but the last token, which says what comes next."""
    one = under(LONG, many(bases["llama"], 1, max_tokens=5))[0]
    requests = [replace(one, key=str(number)) for number in range(20)]
    found = answers(backend, desk, requests)
    alone = answers(HuggingFace(device="cpu", threads=1, engine=Engine.batches), desk, [one])
    assert {answer.text for answer in found.values()} == {alone[one.key].text}
