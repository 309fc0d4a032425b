"""The backend as a component: its config, its hook, its look inside, its estimate."""

import subprocess
import sys

import pytest
import torch
from hf_doubles import conversation, turns
from omegaconf import OmegaConf
from transformers import AutoModelForCausalLM

from ftbench import Full, Lora
from ftbench.errors import UsageError
from ftbench.plugin.catalog import read_catalog
from ftbench.records import FineTuneJob, Model, Probe, Question, Request, TrainingSet
from ftbench_hf.backend import HuggingFace
from ftbench_hf.precision import Precision, arithmetic

PAIRS = (
    conversation("Name a river.", "The blue one."),
    conversation("Name a bird.", "A swan.", "And a tree?", "An oak in the town."),
)


def test_it_is_offered_under_its_name():
    assert read_catalog().components["backend"]["hf"].thing is HuggingFace


def test_importing_it_imports_nothing_slow():
    code = (
        "import sys, ftbench_hf; "
        "print([name for name in ('torch', 'transformers', 'peft') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "option", ["threads", "together", "batch_tokens", "micro_batch_tokens", "max_length"]
)
@pytest.mark.parametrize("value", [0, -3])
def test_a_number_of_nothing_is_refused(option, value):
    with pytest.raises(UsageError, match=f"backend.{option}={value}: give a number from 1"):
        HuggingFace(**{option: value})


def test_time_does_not_run_backwards():
    with pytest.raises(UsageError, match="backend.checkpoint_seconds=-1: give 0 for every step"):
        HuggingFace(checkpoint_seconds=-1)
    assert HuggingFace(checkpoint_seconds=0).checkpoint_seconds == 0


def test_its_fields_are_its_config():
    config = OmegaConf.structured(HuggingFace)
    assert set(config) == {
        "device",
        "precision",
        "max_length",
        "batch_tokens",
        "micro_batch_tokens",
        "processes",
        "checkpoint_seconds",
        "threads",
        "engine",
        "vllm_python",
        "together",
    }
    config.precision = "fp32_master"
    assert OmegaConf.to_object(config).precision is Precision.fp32_master


def test_a_device_that_is_not_there_is_refused(bases):
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA device"):
            HuggingFace(device="cuda").inside()
    with pytest.raises(UsageError, match="backend.device=gpu0 is no device"):
        HuggingFace(device="gpu0").inside()


def test_automatic_precision_follows_device_and_checkpoint():
    cpu, cuda, half = torch.device("cpu"), torch.device("cuda"), torch.float16
    assert arithmetic(Precision.auto, device=cpu, stored=half).training is torch.float32
    assert arithmetic(Precision.auto, device=cuda, stored=torch.float32).words == "float32"
    paper = arithmetic(Precision.auto, device=cuda, stored=half)
    assert (paper.training, paper.answering) == (torch.bfloat16, torch.bfloat16)
    assert paper.adapter_in_fp32
    assert not arithmetic(Precision.pure_bf16, device=cuda, stored=half).adapter_in_fp32
    master = arithmetic(Precision.fp32_master, device=cuda, stored=half)
    assert master.words == "float32 weights, bfloat16 arithmetic"


def test_likelihoods_are_means_over_the_last_answer(backend, bases):
    base = bases["llama"]
    found = backend.inside().likelihoods(base, PAIRS)
    chat = backend._residence().reader(base).chat
    network = AutoModelForCausalLM.from_pretrained(base.location)
    for value, pair in zip(found, PAIRS, strict=True):
        row = chat.row(pair, last_only=True)
        tokens = torch.tensor([row.tokens])
        said = network(tokens).logits[0, :-1].log_softmax(-1).gather(1, tokens[0, 1:, None])[:, 0]
        expected = said[torch.tensor(row.learned[1:])].mean()
        assert value == pytest.approx(float(expected.detach()), abs=1e-4)


@pytest.mark.parametrize(("kind", "size"), [("representation", 32), ("gradient", 256)])
def test_features_are_the_same_each_time_and_tell_examples_apart(backend, bases, kind, size):
    inside = backend.inside()
    first, second = (inside.features(bases["qwen3"], PAIRS, kind=kind) for _ in range(2))
    assert first == second
    assert {len(vector) for vector in first} == {size}
    assert first[0] != first[1]


def test_an_adapter_can_be_looked_into(backend, bases, desk):
    rows = TrainingSet(name="x", conversations=PAIRS)
    job = FineTuneJob(
        key="job",
        base=bases["llama"],
        training_set=rows,
        method=Lora(),
        epochs=2,
        learning_rate=1e-2,
        batch_size=2,
        seed=0,
    )
    backend.fine_tune([job], desk)
    ((_, tuned),) = desk.kept[0].models
    inside = backend.inside()
    assert sum(inside.likelihoods(tuned, PAIRS)) > sum(inside.likelihoods(job.base, PAIRS))
    assert len(inside.features(tuned, PAIRS, kind="gradient")[0]) == 256


def test_an_estimate_counts_tokens_and_costs_nothing(backend, bases):
    base: Model = bases["llama"]
    chat = backend._residence().reader(base).chat
    rows = TrainingSet(name="x", conversations=PAIRS)
    job = FineTuneJob(
        key="job",
        base=base,
        training_set=rows,
        method=Full(),
        epochs=3,
        learning_rate=1e-3,
        batch_size=2,
        seed=0,
    )
    question = Question(
        key="q",
        task="t",
        measures="utility",
        category="c",
        instruction="",
        messages=turns("Name a river."),
        max_tokens=10,
    )
    request = Request(key="r", model=base, probe=Probe(), question=question)
    estimate = backend.estimate([job], [request])
    trained = 3 * sum(len(chat.row(pair).tokens) for pair in PAIRS)
    assert estimate.tokens == trained + len(chat.prompt(turns("Name a river."))) + 10
    assert estimate.dollars == 0.0


def test_release_frees_the_models(bases):
    backend = HuggingFace(device="cpu")
    first = backend._residence().base(bases["llama"])
    backend.release()
    backend.release()
    assert backend._residence().base(bases["llama"]) is not first


def test_what_a_card_computes_is_never_taken_for_a_cpus(monkeypatch):
    assert HuggingFace().settled() == {}
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert HuggingFace().settled() == {"device": "cuda"}
    assert HuggingFace(device="cpu").settled() == {}
