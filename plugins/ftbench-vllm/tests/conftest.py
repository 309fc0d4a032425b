"""A base, adapters and a full fine-tune of it, wide enough for vLLM, and the ways to ask them."""

import sys
from pathlib import Path

import pytest
import torch

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS), str(TESTS.parents[1] / "ftbench-hf" / "tests")]

from hf_doubles import LLAMA_TEMPLATE, PaperDesk, job, make_tokenizer  # noqa: E402
from transformers import AutoModelForCausalLM, LlamaConfig  # noqa: E402

from ftbench import Full, Lora  # noqa: E402
from ftbench.records import Model  # noqa: E402
from ftbench_hf.backend import HuggingFace  # noqa: E402

SHAPE = LlamaConfig(
    vocab_size=400,
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    max_position_embeddings=256,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
    initializer_range=0.2,
)
METHODS = {
    "full": Full(),
    "wide": Lora(targets=["all-linear"], rank=8),
    "narrow": Lora(targets=["q_proj", "v_proj"], rank=4),
}


@pytest.fixture(scope="session")
def ours():
    """The engines that are compared with."""
    return HuggingFace(device="cpu", threads=1)


@pytest.fixture(scope="session")
def models(ours, tmp_path_factory):
    """By name: a base, and what was trained of it."""
    root = tmp_path_factory.mktemp("wide")
    torch.manual_seed(7)
    network = AutoModelForCausalLM.from_config(SHAPE)
    network.generation_config.repetition_penalty = 5.0
    network.generation_config.do_sample = True
    network.generation_config.eos_token_id = [2, *range(110, 190, 3)]  # parts of foreign letters
    network.save_pretrained(root / "base")
    make_tokenizer(LLAMA_TEMPLATE).save_pretrained(root / "base")
    base = ours.resolve(Model(location=str(root / "base"), digest="", family="llama"))
    desk = PaperDesk(folder=root / "trained")
    jobs = [
        job(base, method, key=name, learning_rate=2e-3 if name == "full" else 3e-2)
        for name, method in METHODS.items()
    ]
    ours.fine_tune(jobs, desk)
    return {"base": base, **{each.key: each.models[-1][1] for each in desk.kept}}


@pytest.fixture
def desk(tmp_path):
    return PaperDesk(folder=tmp_path / "desk")
