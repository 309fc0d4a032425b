"""Which architectures may be answered for in flight is found out by trying."""

import pytest
import torch
import transformers
from hf_doubles import SIZES, answers, many

from ftbench_hf.backend import HuggingFace
from ftbench_hf.engine import Engine
from ftbench_hf.memory import OutOfMemory
from ftbench_hf.trial_flight import can_fly


def network_of(kind, **values):
    torch.manual_seed(3)
    config = getattr(transformers, f"{kind}Config")(**(SIZES | values))
    return transformers.AutoModelForCausalLM.from_config(config).eval()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("Llama", {}),
        ("Qwen2", {}),
        ("Qwen3", {"head_dim": 8}),
        ("Mistral", {"sliding_window": None}),
        ("Phi3", {}),
        ("Olmo2", {}),
        ("Granite", {"logits_scaling": 3.0, "attention_multiplier": 0.2}),
        ("Gemma", {"head_dim": 16}),
        ("GPT2", {"n_embd": 32, "n_layer": 2, "n_head": 4}),
        ("GPTNeoX", {}),
        ("Mixtral", {"sliding_window": None}),
    ],
)
def test_attention_that_is_a_function_of_its_own_flies(kind, values):
    network = network_of(kind, **values)
    assert can_fly(network)
    assert network.config._attn_implementation == "sdpa"


def test_what_goes_on_with_all_keys_does_not():
    assert not can_fly(network_of("DiffLlama"))


def test_what_attends_to_less_is_found_by_what_it_says(monkeypatch):
    """An attention that is told nothing of ours, and still answers."""
    network = network_of("Llama")
    attention = type(network.model.layers[0].self_attn)
    whole = attention.forward

    def forgetful(self, hidden_states, *args, past_key_values=None, **options):
        return whole(self, hidden_states, *args, past_key_values=None, **options)

    monkeypatch.setattr(attention, "forward", forgetful)
    assert not can_fly(network)


def test_a_lack_of_memory_says_nothing_of_an_architecture():
    network = network_of("Llama")
    full = [torch.OutOfMemoryError("full")]
    network.register_forward_pre_hook(
        lambda *_: (_ for _ in ()).throw(full.pop()) if full else None
    )
    with pytest.raises(OutOfMemory, match="a single prompt of 6 tokens and one more"):
        can_fly(network)
    assert can_fly(network)


def test_a_trial_is_made_once(bases, desk):
    backend = HuggingFace(device="cpu", threads=1, engine=Engine.in_flight)
    network = backend._residence().base(bases["llama"]).network
    answers(backend, desk, many(bases["llama"], 3, max_tokens=2))
    seen = []
    network.get_input_embeddings().register_forward_hook(lambda *_: seen.append(1))
    answers(backend, desk, many(bases["llama"], 3, max_tokens=2))
    assert len(seen) == 2, "the prompts, and one more token"
