"""Batched answers against plain transformers asked one prompt at a time."""

from dataclasses import replace

import pytest
import torch
from hf_doubles import ARCHITECTURES, answers, ask, many, turns
from transformers import AutoModelForCausalLM

from ftbench.errors import DataError
from ftbench_hf.backend import HuggingFace


def plainly(backend, request):
    """The same with transformers' own generate, alone and without a batch."""
    chat = backend._residence().reader(request.model).chat
    network = AutoModelForCausalLM.from_pretrained(request.model.location)
    prompt = chat.prompt(request.question.messages, prefill=request.probe.format.prefill)
    tokens = network.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=request.question.max_tokens,
        do_sample=False,
        eos_token_id=sorted(chat.end_tokens),
        pad_token_id=0,
    )[0, len(prompt) :]
    return chat.tokenizer.decode(tokens, skip_special_tokens=True)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_batch_says_what_each_prompt_alone_would_get(backend, bases, desk, architecture):
    requests = many(bases[architecture], count=11)
    together = answers(backend, desk, requests)
    alone = answers(HuggingFace(device="cpu", batch_tokens=1), desk, requests)
    assert together == alone
    assert len({response.text for response in together.values()}) > 5
    for request in requests[:3]:
        assert together[request.key].text == plainly(backend, request)


def test_rows_that_end_leave_and_the_others_go_on(backend, bases, desk, monkeypatch):
    requests = many(bases["llama"], count=24)
    full = answers(backend, desk, requests)
    network = backend._residence().base(bases["llama"]).network
    chat = backend._residence().reader(bases["llama"]).chat
    monkeypatch.setattr(chat, "end_tokens", frozenset(range(6, 400, 13)))
    sizes = []
    hook = network.register_forward_pre_hook(
        lambda _module, _args, options: sizes.append(tuple(options["input_ids"].shape)),
        with_kwargs=True,
    )
    ended = answers(backend, desk, requests)
    hook.remove()
    sizes = [rows for rows, tokens in sizes if tokens == 1]
    assert sizes[0] == sum(response.tokens > 0 for response in ended.values()) > sizes[-1]
    assert sizes == sorted(sizes, reverse=True)
    assert {response.outcome for response in ended.values()} == {"ok", "truncated"}
    for key, response in ended.items():
        assert full[key].text.startswith(response.text)


def test_the_limit_gives_a_truncated_answer_with_its_text(backend, bases, desk):
    (response,) = answers(backend, desk, many(bases["llama"], count=1, max_tokens=5)).values()
    assert (response.outcome, response.tokens) == ("truncated", 5)
    assert response.text


def test_a_stop_text_ends_an_answer_and_is_cut_off(backend, bases, desk):
    request = many(bases["mistral"], count=1)[0]
    (whole,) = answers(backend, desk, [request]).values()
    stop = whole.text[6:9]
    before = whole.text[: whole.text.index(stop)]
    others = many(bases["mistral"], count=9)[1:]
    stopped = answers(
        backend,
        desk,
        [*others, ask(bases["mistral"], request.question.instruction, "s", stop=(stop,))],
    )
    assert stopped["s"].text == before
    assert stopped["s"].outcome == "ok"
    assert stopped["s"].tokens < whole.tokens


def test_an_answer_begins_with_its_prefill_and_goes_on_from_it(backend, bases, desk):
    request = ask(bases["gemma3"], "Name a river.", prefill="The blue")
    (response,) = answers(backend, desk, [request]).values()
    assert response.text == "The blue" + plainly(backend, request)
    assert (
        response.text != answers(backend, desk, [ask(bases["gemma3"], "Name a river.")])["q"].text
    )


def test_a_question_that_does_not_fit_is_named_before_anything_is_asked(backend, bases, desk):
    long = ask(bases["llama"], "river", "long one", max_tokens=250)
    with pytest.raises(DataError, match=r"question long one of the task rivers needs 2\d\d tokens"):
        backend.respond([*many(bases["llama"]), long], desk)
    assert not desk.kept


def test_who_asks_to_stop_gets_what_is_in_hand(bases, desk):
    desk.stop_after = 1
    HuggingFace(device="cpu", batch_tokens=400).respond(many(bases["llama"]), desk)
    assert 1 <= len(desk.kept) < 17


@pytest.fixture
def penal(backend, bases, tmp_path):
    """A model whose generation config changes even greedy answers."""
    network = AutoModelForCausalLM.from_pretrained(bases["llama"].location)
    network.generation_config.repetition_penalty = 5.0
    network.generation_config.eos_token_id = [2, 4]
    network.save_pretrained(tmp_path / "penal")
    backend._residence().reader(bases["llama"]).chat.tokenizer.save_pretrained(tmp_path / "penal")
    return backend.resolve(replace(bases["llama"], location=str(tmp_path / "penal")))


def test_nothing_of_a_generation_config_leaks_but_its_ends(backend, bases, penal, desk):
    assert backend._residence().reader(penal).chat.end_tokens == {2, 4, 5}
    own, other = (answers(backend, desk, many(model)) for model in (bases["llama"], penal))
    for key, response in other.items():
        assert own[key].text.startswith(response.text)
        assert own[key] == response or response.outcome == "ok"
    assert sum(own[key] == response for key, response in other.items()) > 10


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_likelihoods_are_those_of_the_whole_text(backend, bases, desk, architecture):
    requests = [
        ask(bases[architecture], "Name a river." * number, str(number), continuation=words)
        for number, words in enumerate((" The blue", " sea", "Tuesday and the town", " a"), start=1)
    ]
    found = answers(backend, desk, requests)
    chat = backend._residence().reader(bases[architecture]).chat
    network = AutoModelForCausalLM.from_pretrained(bases[architecture].location)
    for request in requests:
        prompt = chat.prompt(request.question.messages)
        whole = torch.tensor(
            [
                chat.encode(
                    chat.render(request.question.messages, answering=True)
                    + request.question.continuation
                )
            ]
        )
        start = len(chat.encode(chat.render(request.question.messages, answering=True).rstrip()))
        assert start <= len(prompt)
        said = network(whole).logits[0, start - 1 : -1].log_softmax(-1)
        expected = said.gather(1, whole[0, start:, None]).sum()
        assert found[request.key].logprob == pytest.approx(float(expected.detach()), abs=1e-3)
        assert found[request.key].greedy == bool((said.argmax(-1) == whole[0, start:]).all())
        assert not found[request.key].text


def test_what_greedy_decoding_says_is_greedy(backend, bases, desk):
    greedy = []
    for base in bases.values():
        chat = backend._residence().reader(base).chat
        prompt = chat.render(turns("Name a river."), answering=True)
        text = answers(backend, desk, [ask(base, "Name a river.", max_tokens=1)])["q"].text
        if text and chat.encode(prompt + text)[:-1] == chat.encode(prompt.rstrip()):
            request = ask(base, "Name a river.", continuation=text)
            greedy.append(answers(backend, desk, [request])["q"].greedy)
    assert greedy
    assert all(greedy)
