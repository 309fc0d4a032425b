"""A base and its adapters in one batch say what each says alone: no weights, no memory mixed up."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hf_doubles import PaperDesk, answers, ask, job, many
from safetensors.torch import load_file, save_file

from ftbench import Lora
from ftbench.errors import StorageError
from ftbench.methods import PrefixTuning
from ftbench_hf.backend import HuggingFace
from ftbench_hf.engine import Engine

SHAPES = (
    Lora(targets=["all-linear"], rank=8),
    Lora(targets=["q_proj", "v_proj"], rank=4),
    Lora(targets=["gate_proj"], rank=2, alpha=3),
)


@pytest.fixture(scope="module")
def plain():
    """What asks one model after the other, in peft's own way."""
    return HuggingFace(device="cpu", threads=1, engine=Engine.batches)


@pytest.fixture(scope="module")
def adapters(backend, bases, tmp_path_factory):
    """Trained adapters of one base, of several shapes and ranks."""
    desk = PaperDesk(folder=tmp_path_factory.mktemp("adapters"))
    jobs = [
        job(bases["llama"], shape, key=f"a{n}", learning_rate=3e-2, seed=n)
        for n, shape in enumerate(SHAPES)
    ]
    backend.fine_tune(jobs, desk)
    return [one.models[-1][1] for one in sorted(desk.kept, key=lambda one: one.key)]


def asked(models, count=9, **values):
    """The same questions to every model."""
    return [
        replace(each, key=f"{each.key} to {place}")
        for place, model in enumerate(models)
        for each in many(model, count, **values)
    ]


def texts(responses):
    return {key: (one.text, one.tokens, one.outcome) for key, one in responses.items()}


def rows_of_passes(backend, base):
    """The shape of each forward pass from now on."""
    seen = []
    embedding = backend._residence().base(base).network.get_input_embeddings()
    hook = embedding.register_forward_hook(lambda _, given, __: seen.append(tuple(given[0].shape)))
    return seen, hook


def test_each_says_what_it_says_alone(backend, plain, bases, adapters, desk):
    requests = asked([bases["llama"], *adapters])
    expected = texts(answers(plain, desk, requests))
    seen, hook = rows_of_passes(backend, bases["llama"])
    ours = texts(answers(backend, desk, requests))
    hook.remove()
    assert ours == expected
    assert len({ours[f"3 to {place}"] for place in range(4)}) > 1, "the adapters change something"
    assert max(rows for rows, _ in seen) > 9, "several models were asked in one pass"


@pytest.mark.parametrize("tokens", [1, 150, 400])
def test_rows_come_and_go_without_a_trace(plain, bases, adapters, desk, tokens):
    """However few fit at once: who takes a slot sees nothing of who had it before."""
    few = HuggingFace(device="cpu", threads=1, batch_tokens=tokens)
    requests = asked([adapters[0], bases["llama"]], 12, max_tokens=9)
    assert texts(answers(few, desk, requests)) == texts(answers(plain, desk, requests))


def test_nothing_depends_on_the_order(backend, bases, adapters, desk):
    requests = asked([bases["llama"], *adapters], 6)
    expected = texts(answers(backend, desk, requests))
    mixed = list(requests)
    random.Random(1).shuffle(mixed)
    assert texts(answers(backend, desk, mixed)) == expected
    few = HuggingFace(device="cpu", threads=1, together=2)
    assert texts(answers(few, desk, mixed)) == expected


def test_a_switch_of_adapters_leaves_nothing_behind(backend, plain, bases, adapters, desk):
    """Keys and values of one adapter are no other's, nor the base's."""
    models = [adapters[0], bases["llama"], adapters[1], adapters[0], bases["llama"]]
    for model in models:
        requests = many(model, 4)
        assert texts(answers(backend, desk, requests)) == texts(answers(plain, desk, requests))


def test_likelihoods_are_each_models_own(backend, plain, bases, adapters, desk):
    requests = [
        replace(ask(model, "Which colour has the sea?", continuation=words), key=f"{place} {words}")
        for place, model in enumerate([adapters[1], bases["llama"], adapters[0]])
        for words in ("Blue, of course", "A river in town")
    ]
    ours, expected = answers(backend, desk, requests), answers(plain, desk, requests)
    for key, one in expected.items():
        assert ours[key].logprob == pytest.approx(one.logprob, abs=1e-4)
        assert ours[key].greedy == one.greedy


def test_new_weights_in_an_old_place_are_read(backend, plain, bases, adapters, desk, tmp_path):
    """An adapter is known by its digest, never by where it lies or which number it had."""
    first = replace(adapters[0], location=str(tmp_path / "adapter"))
    shutil.copytree(adapters[0].location, first.location)
    before = texts(answers(backend, desk, many(first, 5)))
    shutil.rmtree(first.location)
    shutil.copytree(adapters[1].location, first.location)
    second = replace(adapters[1], location=first.location)
    after = texts(answers(backend, desk, many(second, 5)))
    assert after == texts(answers(plain, desk, many(adapters[1], 5))) != before


def test_other_kinds_of_adapters_are_asked_alone(backend, plain, bases, adapters, desk, tmp_path):
    backend.fine_tune([job(bases["llama"], PrefixTuning(tokens=3))], PaperDesk(folder=tmp_path))
    trained = PaperDesk(folder=tmp_path)
    backend.fine_tune([job(bases["llama"], PrefixTuning(tokens=3))], trained)
    prefix = trained.kept[0].models[-1][1]
    requests = asked([bases["llama"], prefix, adapters[0]], 5)
    assert texts(answers(backend, desk, requests)) == texts(answers(plain, desk, requests))


def test_an_adapter_with_ranks_of_its_own_is_asked_alone(backend, plain, adapters, desk, tmp_path):
    """What the stack does not know is left to peft, not guessed."""
    odd = replace(adapters[0], location=str(tmp_path / "odd"), digest="odd")
    shutil.copytree(adapters[0].location, odd.location)
    config = Path(odd.location) / "adapter_config.json"
    config.write_text(
        json.dumps(json.loads(config.read_text()) | {"alpha_pattern": {"q_proj": 64}})
    )
    requests = asked([odd, adapters[0]], 6)
    ours = texts(answers(backend, desk, requests))
    assert ours == texts(answers(plain, desk, requests))
    assert any(ours[f"{n} to 0"] != ours[f"{n} to 1"] for n in range(6))


@pytest.mark.parametrize("name", ["gemma2", "gemma3"])
def test_windows_that_slide_are_asked_in_batches(backend, plain, bases, desk, name, tmp_path):
    trained = PaperDesk(folder=tmp_path)
    backend.fine_tune([job(bases[name], Lora(), learning_rate=3e-2)], trained)
    requests = asked([bases[name], trained.kept[0].models[-1][1]], 6)
    assert texts(answers(backend, desk, requests)) == texts(answers(plain, desk, requests))


def spoiled(adapter, folder, change):
    """A copy of an adapter with other weights."""
    shutil.copytree(adapter.location, folder)
    path = folder / "adapter_model.safetensors"
    save_file(change(load_file(path)), path)
    return replace(adapter, location=str(folder), digest=folder.name)


def test_an_adapter_that_would_be_ignored_is_refused(backend, adapters, desk, tmp_path):
    def untrained(weights):
        return {n: torch.zeros_like(w) if "lora_B" in n else w for n, w in weights.items()}

    silent = spoiled(adapters[0], tmp_path / "silent", untrained)
    with pytest.raises(StorageError, match="changes nothing"):
        backend.respond(asked([adapters[1], silent], 2), desk)
    assert not desk.kept


def test_half_an_adapter_is_refused(backend, adapters, desk, tmp_path):
    def half(weights):
        name = sorted(weights)[0]
        return {each: weight for each, weight in weights.items() if each != name}

    broken = spoiled(adapters[0], tmp_path / "half", half)
    with pytest.raises(StorageError, match="cannot be read"):
        backend.respond(asked([broken], 2), desk)


def test_a_token_is_read_once(backend, bases, adapters, desk):
    """Keys and values are kept: after the prompts each pass has one token of each row."""
    seen, hook = rows_of_passes(backend, bases["llama"])
    answers(backend, desk, asked([bases["llama"], adapters[0]], 8))
    hook.remove()
    wide = [shape for shape in seen if shape[1] > 1]
    assert sum(rows for rows, _ in wide) == 16
    assert len(wide) < len(seen)
