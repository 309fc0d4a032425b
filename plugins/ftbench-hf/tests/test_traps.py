"""Traps that fast answers fall into, for each of our engines; docs/engines.md lists them all."""

import gc
from dataclasses import replace

import pytest
import torch
from hf_doubles import Crash, PaperDesk, answers, ask, changed, job, make_model, many
from transformers import AutoModelForCausalLM, MixtralConfig

from ftbench import Full, Lora
from ftbench.errors import StorageError
from ftbench_hf.backend import HuggingFace
from ftbench_hf.batches import IGNORED, Batch, pad
from ftbench_hf.engine import Engine
from ftbench_hf.foreign import EngineFailed
from ftbench_hf.sharing import can_share

OURS = [Engine.in_flight, Engine.batches, Engine.continuous]


@pytest.fixture(autouse=True)
def quick_collection(monkeypatch):
    """Going through all objects of all tests would take most of the time."""
    monkeypatch.setattr(gc, "collect", lambda: 0)


@pytest.fixture(scope="module")
def engines():
    """A backend for each engine, which keeps its models."""
    return {engine: HuggingFace(device="cpu", threads=1, engine=engine) for engine in OURS}


@pytest.fixture(scope="module")
def adapters(backend, bases, tmp_path_factory):
    """Two trained adapters of one base, with dropout."""
    desk = PaperDesk(folder=tmp_path_factory.mktemp("adapters"))
    shape = Lora(targets=["all-linear"], dropout=0.5)
    jobs = [
        job(bases["llama"], shape, key=f"a{n}", learning_rate=3e-2, seed=n, epochs=3)
        for n in range(2)
    ]
    backend.fine_tune(jobs, desk)
    return [one.models[-1][1] for one in desk.kept]


@pytest.fixture(scope="module")
def truth(bases, adapters):
    """What each says by itself, prompt by prompt, in transformers' own way; by digest."""
    from peft import PeftModel

    reader = HuggingFace(device="cpu")._residence().reader(bases["llama"])
    found = {}
    for model in (bases["llama"], *adapters):
        network = AutoModelForCausalLM.from_pretrained(bases["llama"].location)
        if model.base is not None:
            network = PeftModel.from_pretrained(network, model.location).eval()
        found[model.digest] = [said(network, reader.chat, each) for each in questions(model)]
    return found


def said(network, chat, request):
    prompt = torch.tensor([chat.prompt(request.question.messages)])
    tokens = network.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=request.question.max_tokens,
        do_sample=False,
        eos_token_id=sorted(chat.end_tokens),
        pad_token_id=0,
    )
    return chat.text(tokens[0, prompt.shape[1] :].tolist())


def questions(model):
    return many(model, 3, max_tokens=8)


def texts(backend, desk, model):
    return [one.text for one in in_order(answers(backend, desk, questions(model)))]


def in_order(responses):
    return [responses[key] for key in sorted(responses, key=int)]


@pytest.fixture(params=OURS, ids=lambda engine: engine.value)
def engine(request, engines):
    return engines[request.param]


def test_a_switch_of_adapters_leaves_nothing_behind(engine, bases, adapters, truth, desk):
    """Neither keys and values, nor a weight, nor the adapter itself."""
    first, second = adapters
    assert len({tuple(each) for each in truth.values()}) == 3
    for model in (first, bases["llama"], second, first):
        assert texts(engine, desk, model) == truth[model.digest]


def test_an_untrained_adapter_is_refused_and_not_asked_as_its_base(engine, bases, tmp_path, desk):
    from peft import LoraConfig, get_peft_model

    network = AutoModelForCausalLM.from_pretrained(bases["llama"].location)
    get_peft_model(network, LoraConfig(task_type="CAUSAL_LM")).save_pretrained(tmp_path / "new")
    new = replace(bases["llama"], location=str(tmp_path / "new"), digest="new", base=bases["llama"])
    with pytest.raises(StorageError, match="changes nothing"):
        engine.respond(questions(new), desk)
    assert not desk.kept


def test_nothing_is_drawn_from_random_numbers(engine, bases, desk):
    """Nor does anything depend on them: a seed is the training's, never an answer's."""
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(texts(engine, desk, bases["llama"]))
        assert torch.equal(torch.get_rng_state(), before)
    assert found[0] == found[1]


@pytest.fixture
def spoiled(backend, bases, tmp_path):
    """A model whose files say how it was trained, and how somebody liked to chat with it."""
    folder = make_model(tmp_path / "spoiled", "llama")
    changed(folder / "config.json", use_cache=False)
    changed(
        folder / "generation_config.json",
        use_cache=False,
        do_sample=True,
        temperature=5.0,
        repetition_penalty=3.0,
        min_new_tokens=8,
    )
    return backend.resolve(replace(bases["llama"], location=str(folder)))


def test_settings_of_another_time_change_no_answer(engine, spoiled, bases, truth, desk):
    assert texts(engine, desk, spoiled) == truth[bases["llama"].digest]


@pytest.mark.parametrize("kind", [Engine.in_flight, Engine.batches])
def test_a_token_is_read_once_whatever_the_config_says(engines, spoiled, desk, kind):
    network = engines[kind]._residence().base(spoiled).network
    read = []
    hook = network.register_forward_pre_hook(
        lambda _module, _args, options: read.append(options["input_ids"].numel()), with_kwargs=True
    )
    asked = [ask(spoiled, "Name a river.", max_tokens=8)]
    tokens = answers(engines[kind], desk, asked)["q"].tokens
    hook.remove()
    assert read[1:] == [1] * (tokens - 1)


def test_a_training_that_broke_off_leaves_no_dropout_behind(engine, bases, truth, desk, tmp_path):
    """Every module answers as it does in evaluation, whatever was under way before."""
    heavy = Lora(targets=["all-linear"], dropout=0.9)
    with pytest.raises(Crash):
        engine.fine_tune([job(bases["llama"], heavy)], PaperDesk(folder=tmp_path, crash_at=1))
    network = engine._residence().base(bases["llama"]).network
    assert not any(module.training for module in network.modules())
    assert texts(engine, desk, bases["llama"]) == truth[bases["llama"].digest]


def test_asking_an_adapter_changes_no_weight_of_its_base(engine, bases, adapters, desk):
    """Nothing is merged, so nothing is rounded; what is judged is what was trained."""
    network = engine._residence().base(bases["llama"]).network
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    texts(engine, desk, adapters[0])
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert network.config._attn_implementation == "sdpa"
    assert not hasattr(network, "_cached_continuous_batching_manager")


def refusing(network, error, *, above=0):
    """A network that fails for more than so many tokens at once."""

    def check(_module, _args, options):
        if options["input_ids"].numel() > above:
            raise error

    return network.register_forward_pre_hook(check, with_kwargs=True)


def test_what_continuous_batching_hands_over_as_an_error_is_raised(engines, bases, desk):
    engine = engines[Engine.continuous]
    network = engine._residence().base(bases["llama"]).network
    hook = refusing(network, ValueError("no such kernel"))
    with pytest.raises(EngineFailed, match="failed: no such kernel. What was answered is kept"):
        engine.respond(questions(bases["llama"]), desk)
    hook.remove()
    assert not desk.kept


def test_continuous_batching_goes_on_with_less_when_memory_runs_out(bases, truth, desk):
    few = HuggingFace(device="cpu", threads=1, engine=Engine.continuous, batch_tokens=300)
    network = few._residence().base(bases["llama"]).network
    hook = refusing(network, torch.OutOfMemoryError("CUDA out of memory"), above=100)
    assert texts(few, desk, bases["llama"]) == truth[bases["llama"].digest]
    hook.remove()


def test_a_pad_token_that_ends_answers_is_learned_where_it_ends_one(bases, desk, tmp_path):
    """Labels go by where padding lies, not by which token it is; so do answers."""
    folder = make_model(tmp_path / "padless", "mistral")
    changed(folder / "tokenizer_config.json", pad_token="</s>")
    backend = HuggingFace(device="cpu", threads=1)
    model = backend.resolve(replace(bases["mistral"], location=str(folder)))
    chat = backend._residence().reader(model).chat
    end = chat.tokenizer.eos_token_id
    assert chat.tokenizer.pad_token_id == end
    trained = job(model, Full())
    rows = tuple(chat.row(each) for each in trained.training_set.conversations)
    tensors = pad(Batch(rows=rows), padding=end, device=torch.device("cpu"))
    learned = (tensors.labels == end).sum(dim=1)
    assert learned.tolist() == [1] * len(rows)
    assert (tensors.labels == IGNORED)[tensors.mask == 0].all()
    alike = answers(backend, desk, many(bases["mistral"], 6, max_tokens=8))
    assert answers(backend, desk, many(model, 6, max_tokens=8)) == alike


def test_a_mixture_of_experts_is_trained_alone(bases, tmp_path, backend):
    """Its experts may have a capacity, and what one adapter's rows take another's lose."""
    shape = AutoModelForCausalLM.from_pretrained(bases["llama"].location).config.to_dict()
    kept = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "num_local_experts": 4}
    config = MixtralConfig(**{name: shape[name] for name in kept}, **heads)
    loaded = backend._residence().base(bases["llama"])
    assert can_share(loaded)
    assert not can_share(replace(loaded, network=AutoModelForCausalLM.from_config(config)))
