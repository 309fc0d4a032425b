"""How far a model is from another at the first tokens of answers."""

import pytest
import torch
from hf_doubles import conversation
from peft import PeftModel
from transformers import AutoModelForCausalLM

from ftbench import Lora
from ftbench.records import FineTuneJob, TrainingSet

PAIRS = (
    conversation("Name a river.", "The blue one of the town."),
    conversation("Name a bird.", "A swan.", "And a tree?", "An oak in the town."),
    conversation("Say yes.", "Yes"),
)


@pytest.fixture
def tuned(backend, bases, desk):
    job = FineTuneJob(
        key="job",
        base=bases["llama"],
        training_set=TrainingSet(name="x", conversations=PAIRS),
        method=Lora(),
        epochs=3,
        learning_rate=1e-2,
        batch_size=3,
        seed=0,
    )
    backend.fine_tune([job], desk)
    ((_, model),) = desk.kept[0].models
    return model


def test_a_model_is_no_way_from_itself(backend, bases):
    base = bases["llama"]
    found = backend.inside().divergences(base, base, PAIRS, tokens=3)
    assert [value for row in found for value in row] == [0.0] * sum(map(len, found))


def test_a_short_answer_has_fewer_tokens(backend, bases, tuned):
    found = backend.inside().divergences(tuned, bases["llama"], PAIRS, tokens=4)
    chat = backend._residence().reader(bases["llama"]).chat
    counts = [sum(chat.row(pair, last_only=True).learned) for pair in PAIRS]
    assert [len(row) for row in found] == [min(4, count) for count in counts]
    assert all(value > 0 for row in found for value in row)


def test_it_is_the_divergence_of_the_two_models_own_predictions(backend, bases, tuned):
    """Against whole passes of two plain networks, stock transformers and peft."""
    base = bases["llama"]
    reference = AutoModelForCausalLM.from_pretrained(base.location)
    stock = AutoModelForCausalLM.from_pretrained(base.location)
    own = PeftModel.from_pretrained(stock, tuned.location)
    chat = backend._residence().reader(base).chat
    found = backend.inside().divergences(tuned, base, PAIRS, tokens=3)
    for pair, row in zip(PAIRS, found, strict=True):
        encoded = chat.row(pair, last_only=True)
        before = [at - 1 for at, learned in enumerate(encoded.learned) if learned][:3]
        mine, theirs = (
            network(torch.tensor([encoded.tokens])).logits[0, before].log_softmax(-1).detach()
            for network in (own, reference)
        )
        expected = (mine.exp() * (mine - theirs)).sum(-1)
        assert row == pytest.approx(expected.tolist(), abs=1e-4)
