"""What a card holds, reckoned on the shapes of models that people have."""

import pytest
import torch
from hf_doubles import PaperDesk, job
from safetensors.torch import load_file

from ftbench import Lora
from ftbench_hf import planning
from ftbench_hf.planning import (
    Card,
    Shape,
    adapter_weights,
    answering_tokens,
    card_of,
    rating_tokens,
    tokens_that_fit,
    training_plan,
)

LLAMA_2_7B = Shape(
    layers=32,
    hidden=4096,
    heads=32,
    key_value_heads=32,
    head_size=128,
    vocabulary=32000,
    itemsize=2,
)
LLAMA_3_8B = Shape(
    layers=32,
    hidden=4096,
    heads=32,
    key_value_heads=8,
    head_size=128,
    vocabulary=128256,
    itemsize=2,
)
WEIGHTS = {LLAMA_2_7B: 6_738_415_616, LLAMA_3_8B: 8_030_261_248}
H100, H200 = 80 * 10**9, 141 * 10**9
ROOM = 190 + 512
"""Tokens of a prompt and its answer."""


def loaded(shape, total):
    """A card with a model on it."""
    return Card(free=total - 2 * WEIGHTS[shape], total=total)


@pytest.mark.parametrize(("shape", "kibibytes"), [(LLAMA_2_7B, 512), (LLAMA_3_8B, 128)])
def test_a_token_is_remembered_in_so_many_bytes(shape, kibibytes):
    assert shape.remembered == kibibytes * 1024


@pytest.mark.parametrize(
    ("shape", "total", "rows"),
    [
        (LLAMA_2_7B, H100, 163),
        (LLAMA_2_7B, H200, 315),
        (LLAMA_3_8B, H100, 625),
        (LLAMA_3_8B, H200, 1235),
    ],
)
def test_so_many_rows_fit_by_keys_and_values_alone(shape, total, rows):
    card = loaded(shape, total)
    assert tokens_that_fit(card, shape.remembered) // ROOM == rows
    planned = answering_tokens(card, shape)
    assert 0.85 * rows < planned // ROOM < rows, "something is left to what attention copies"
    used = planned * (shape.remembered + shape.copied)
    assert used + 2 * WEIGHTS[shape] < 0.92 * total


def test_words_of_a_large_vocabulary_take_room_where_continuations_are_rated():
    found = {shape: rating_tokens(loaded(shape, H100), shape) for shape in WEIGHTS}
    assert found[LLAMA_3_8B] < found[LLAMA_2_7B]
    assert found[LLAMA_3_8B] * LLAMA_3_8B.vocabulary * 4 < H100 - 2 * WEIGHTS[LLAMA_3_8B]


@pytest.mark.parametrize("shape", WEIGHTS, ids=["7B", "8B"])
@pytest.mark.parametrize("adapter", [4_194_304, 19_988_480, 600_000_000])
def test_adapters_and_their_tokens_fit_beside_the_base(shape, adapter):
    card = loaded(shape, H200)
    plan = training_plan(card, shape, weights=adapter, least=4096)
    assert plan.tokens >= 4096
    assert plan.adapters >= 1
    taken = plan.adapters * 16 * adapter + plan.tokens * shape.trained
    assert taken <= card.free
    more = training_plan(card, shape, weights=adapter // 2, least=4096)
    assert more.adapters > plan.adapters or more.tokens > plan.tokens


def test_a_full_card_still_gets_a_plan_that_memory_may_refuse():
    card = Card(free=10**9, total=80 * 10**9)
    assert answering_tokens(card, LLAMA_2_7B) == 1
    plan = training_plan(card, LLAMA_2_7B, weights=10**7, least=512)
    assert (plan.adapters, plan.tokens) == (1, 512)


@pytest.mark.parametrize("name", ["llama", "qwen3", "gemma3"])
def test_a_shape_is_read_off_a_network(backend, bases, name):
    network = backend._residence().base(bases[name]).network
    found = Shape.of(network)
    states = network(torch.tensor([[1, 2, 3]]), use_cache=True).past_key_values
    kept = sum(layer.keys.nbytes + layer.values.nbytes for layer in states.layers)
    assert found.remembered * 3 == kept


@pytest.mark.parametrize(
    "method", [Lora(targets=["all-linear"], rank=3), Lora(targets=["q_proj", "up_proj"], rank=5)]
)
def test_the_weights_of_an_adapter_are_counted_before_it_is_made(backend, bases, tmp_path, method):
    desk = PaperDesk(folder=tmp_path)
    backend.fine_tune([job(bases["llama"], method)], desk)
    network = backend._residence().base(bases["llama"]).network
    made = load_file(f"{desk.kept[0].models[-1][1].location}/adapter_model.safetensors")
    assert adapter_weights(network, method) == sum(each.numel() for each in made.values())


def test_only_a_card_has_a_plan():
    assert card_of(torch.device("cpu")) is None


def test_a_cpu_holds_a_gigabyte_of_keys_and_values(backend, bases, monkeypatch):
    loaded = backend._residence().base(bases["llama"])
    one = Shape.of(loaded.network).remembered
    for held, expected in ((5 << 28, 81920), (5000 * one, 5000), (one, 4096)):
        monkeypatch.setattr(planning, "_BYTES_ON_A_CPU", held)
        assert planning.planned_answering(loaded) == expected
