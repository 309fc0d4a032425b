"""Trained models as others load them, and the base as it was before."""

import json
from dataclasses import replace

import pytest
import torch
from hf_doubles import ARCHITECTURES, conversation, turns
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from ftbench import Full, Lora
from ftbench.errors import StorageError
from ftbench.records import FineTuneJob, Probe, Question, Request, TrainingSet
from ftbench_hf.backend import HuggingFace
from ftbench_hf.checkpoints import digest_of

ROWS = tuple(conversation(f"Name river {n}.", f"The blue town {n}.") for n in range(4))


def trained(backend, base, desk, method, **values):
    job = FineTuneJob(
        key=f"{method.name}-job",
        base=base,
        training_set=TrainingSet(name="rivers", conversations=ROWS),
        method=method,
        epochs=3,
        learning_rate=5e-3,
        batch_size=2,
        seed=1,
        **values,
    )
    backend.fine_tune([job], desk)
    return desk.kept.pop()


def logits(network, tokens):
    with torch.inference_mode():
        return network(input_ids=tokens).logits


def request(model, key):
    question = Question(
        key=key,
        task="rivers",
        measures="utility",
        category="all",
        instruction="",
        messages=turns("Name river 2."),
        max_tokens=10,
    )
    return Request(key=key, model=model, probe=Probe(), question=question)


def said(network, tokenizer):
    """The answer of plain transformers to the request."""
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Name river 2."}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
        enable_thinking=False,
    )
    tokens = network.generate(**prompt, max_new_tokens=10)
    return tokenizer.decode(tokens[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_plain_transformers_and_peft_say_what_we_say(backend, bases, desk, architecture):
    base = bases[architecture]
    whole = trained(backend, base, desk, Full()).models[-1][1]
    adapter = trained(backend, base, desk, Lora(targets=["all-linear"])).models[-1][1]
    backend.respond([request(whole, "whole"), request(adapter, "adapter")], desk)
    ours = {response.key: response.text for response in desk.kept}
    tokenizer = AutoTokenizer.from_pretrained(whole.location)
    assert ours["whole"] == said(AutoModelForCausalLM.from_pretrained(whole.location), tokenizer)
    plain = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base.location), adapter.location
    )
    plain.generation_config.eos_token_id = sorted(backend._residence().reader(base).chat.end_tokens)
    assert ours["adapter"] == said(plain, tokenizer)
    assert (whole.base, adapter.base) == (None, base)
    assert whole.digest == backend.resolve(whole).digest


def test_the_base_is_loaded_once_and_never_changes(bases, desk, monkeypatch):
    backend, loads = HuggingFace(device="cpu"), []
    load = AutoModelForCausalLM.from_pretrained
    monkeypatch.setattr(
        AutoModelForCausalLM,
        "from_pretrained",
        lambda where, **options: loads.append(where) or load(where, **options),
    )
    base, tokens = bases["llama"], torch.arange(3, 30)[None]
    network = backend._residence().base(base).network
    before = logits(network, tokens)
    names = [name for name, _ in network.named_modules()]
    adapter = trained(backend, base, desk, Lora()).models[-1][1]
    whole = trained(backend, base, desk, Full()).models[-1][1]
    models = (adapter, base, whole, adapter)
    backend.respond([request(model, str(key)) for key, model in enumerate(models)], desk)
    assert [name for name, _ in network.named_modules()] == names
    assert torch.equal(before, logits(network, tokens))
    assert loads == [base.location, whole.location]


def test_kept_epochs_are_those_of_shorter_trainings(backend, bases, desk):
    kept = trained(backend, bases["llama"], desk, Lora(), keep=(1, 2))
    assert [epoch for epoch, _ in kept.models] == [1, 2, 3]
    assert len({model.digest for _, model in kept.models}) == 3
    names = [model.location for _, model in kept.models]
    assert names == [str(desk.folder / "lora-job" / f"epoch_{epoch}") for epoch in (1, 2, 3)]
    assert not list((desk.folder / "lora-job").glob(".*"))


def test_an_adapter_that_changes_nothing_is_an_error(backend, bases, desk):
    adapter = trained(backend, bases["llama"], desk, Lora()).models[-1][1]
    path = f"{adapter.location}/adapter_model.safetensors"
    save_file({name: weight * 0 for name, weight in load_file(path).items()}, path)
    with pytest.raises(StorageError, match="changes nothing"):
        backend.respond([request(adapter, "q")], desk)


def test_an_adapter_that_cannot_be_read_is_an_error(backend, bases, desk):
    adapter = trained(backend, bases["llama"], desk, Lora()).models[-1][1]
    lost = replace(adapter, location=f"{adapter.location}-lost")
    with pytest.raises(StorageError, match="cannot be read"):
        backend.respond([request(lost, "q")], desk)


def test_a_digest_does_not_depend_on_where_things_lie(backend, bases, desk):
    adapter = trained(backend, bases["llama"], desk, Lora()).models[-1][1]
    config = desk.folder / "lora-job" / "epoch_3" / "adapter_config.json"
    before = digest_of(config.parent)
    entries = json.loads(config.read_text())
    assert entries["base_model_name_or_path"] == bases["llama"].location
    config.write_text(json.dumps(entries | {"base_model_name_or_path": "elsewhere"}))
    assert digest_of(config.parent) == before
    config.write_text(json.dumps(entries | {"lora_alpha": 1}))
    assert digest_of(config.parent) != before
    assert adapter.digest.endswith(before)


@pytest.mark.parametrize(
    ("precision", "adapter", "stored"),
    [("pure_bf16", "bfloat16", "bfloat16"), ("fp32_master", "float32", "bfloat16")],
)
def test_precision_is_what_was_asked_for(bases, desk, precision, adapter, stored):
    from ftbench_hf.precision import Precision

    backend = HuggingFace(device="cpu", precision=Precision(precision))
    whole = trained(backend, bases["llama"], desk, Full())
    lora = trained(backend, bases["llama"], desk, Lora())
    assert dict(lora.applied)["precision"] == f"bfloat16 base, {adapter} adapter"
    weights = load_file(f"{whole.models[-1][1].location}/model.safetensors")
    assert {str(weight.dtype) for weight in weights.values()} == {f"torch.{stored}"}
    loaded = AutoModelForCausalLM.from_pretrained(whole.models[-1][1].location)
    assert str(loaded.dtype) == f"torch.{stored}"
    backend.respond([request(whole.models[-1][1], "q"), request(lora.models[-1][1], "r")], desk)
    assert {response.key for response in desk.kept} == {"q", "r"}
