"""Prefix tuning, LLaMA-Adapter and DPO: trained, kept, asked, and against plain arithmetic."""

import math
from dataclasses import replace

import pytest
import torch
from hf_doubles import ROWS, PaperDesk, answers, ask, job, many, turns
from peft import PeftModel
from transformers import AutoModelForCausalLM

from ftbench.errors import DataError
from ftbench.methods import Dpo, LlamaAdapter, Lora, PrefixTuning
from ftbench.records import FineTune
from ftbench_hf.batches import Batch
from ftbench_hf.preferences import Preferences

FITS = {
    "prefix_tuning": (PrefixTuning(tokens=4), ("llama", "qwen3", "mistral")),
    "llama_adapter": (LlamaAdapter(length=4), ("llama", "mistral")),
    "dpo": (Dpo(), ("llama", "qwen3", "gemma2", "gemma3", "mistral")),
}
CASES = [(name, each) for name, (_, fitting) in FITS.items() for each in fitting]


def tuned(backend, base, folder, method, **values):
    desk = PaperDesk(folder=folder)
    backend.fine_tune([job(base, method, **({"learning_rate": 1e-2} | values))], desk)
    (done,) = desk.kept
    return done, desk


@pytest.mark.parametrize(("name", "architecture"), CASES)
def test_what_is_trained_is_kept_read_again_and_answers_alike_alone_and_in_a_batch(
    backend, bases, tmp_path, name, architecture
):
    base, method = bases[architecture], FITS[name][0]
    done, desk = tuned(backend, base, tmp_path, method)
    model = done.models[-1][1]
    assert model.base == base
    assert dict(done.applied)["method"] == name
    before = answers(backend, desk, many(base, 6))
    together = answers(backend, desk, many(model, 6))
    alone = {k: v for one in many(model, 6) for k, v in answers(backend, desk, [one]).items()}
    assert together == alone
    assert answers(backend, desk, many(base, 6)) == before


@pytest.mark.parametrize("name", ["prefix_tuning", "llama_adapter"])
def test_answers_are_those_of_peft_without_a_cache(backend, bases, tmp_path, name):
    base = bases["llama"]
    done, desk = tuned(backend, base, tmp_path, FITS[name][0], epochs=6)
    model = done.models[-1][1]
    chat = backend._residence().reader(base).chat
    network = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base.location), model.location
    ).eval()
    tokens, said = chat.prompt(turns("Name a river.")), []
    while len(said) < 12 and not (said and said[-1] in chat.end_tokens):
        given = torch.tensor([tokens + said])
        with torch.no_grad():
            logits = network(given, attention_mask=torch.ones_like(given), use_cache=False).logits
        said.append(int(logits[0, -1].argmax()))
    told = answers(backend, desk, [ask(model, "Name a river.", max_tokens=12)])["q"]
    assert told.text == chat.text([token for token in said if token not in chat.end_tokens])


@pytest.mark.parametrize("name", FITS)
def test_a_training_that_was_stopped_goes_on_to_the_same_model(backend, bases, tmp_path, name):
    base, method = bases["llama"], FITS[name][0]
    whole, _ = tuned(backend, base, tmp_path / "whole", method)
    desk = PaperDesk(folder=tmp_path / "parts", stop_at=3)
    wanted = job(base, method, learning_rate=1e-2)
    backend.fine_tune([wanted], desk)
    assert not desk.kept
    desk.stopping, desk.stop_at = False, None
    backend.fine_tune([wanted], desk)
    assert desk.kept[0].models[-1][1].digest == whole.models[-1][1].digest


def test_an_architecture_that_a_method_does_not_fit_is_named_so(backend, bases, tmp_path):
    for method, architecture in ((PrefixTuning(), "gemma3"), (LlamaAdapter(), "qwen3")):
        with pytest.raises(DataError, match="does not fit this architecture; finetune=lora does"):
            tuned(backend, bases[architecture], tmp_path, method)


def log_likelihood(network, row):
    logits = network(torch.tensor([row.tokens])).logits[0, :-1].log_softmax(-1)
    said = logits.gather(1, torch.tensor(row.tokens[1:])[:, None])[:, 0]
    return said[torch.tensor(row.learned[1:])].sum()


class Scaled:
    """A trainer that knows log-likelihoods by heart."""

    def __init__(self, told):
        self.told, self.device = told, torch.device("cpu")
        self.weight = torch.zeros((), requires_grad=True)

    def parts(self, batch):
        return [Batch(rows=(row,)) for row in batch.rows]

    def token_losses(self, batch):
        per_row = [
            (-self.told[row] - self.weight * (1 if row.origin else 0)).expand(row.targets)
            / row.targets
            for row in batch.rows
        ]
        return torch.cat(per_row)


def test_the_loss_is_that_of_the_paper_by_hand(backend, bases):
    chat = backend._residence().reader(bases["llama"]).chat
    better, worse = (
        replace(chat.row(row), origin=name) for row, name in zip(ROWS[:2], ("x", ""), strict=True)
    )
    trainer = Scaled({better: torch.tensor(-3.0), worse: torch.tensor(-7.0)})
    rule = Preferences(beta=0.5, most_tokens=8, worse={better: worse})
    rule.known = {better: -4.0, worse: -6.5}
    loss = rule.backward(trainer, Batch(rows=(better,)))
    margin = 0.5 * ((-3.0 + 4.0) - (-7.0 + 6.5))
    assert loss == pytest.approx(math.log(1 + math.exp(-margin)))
    assert float(trainer.weight.grad) == pytest.approx(-0.5 / (1 + math.exp(margin)))


def test_the_first_loss_is_that_of_indifference_and_the_better_answer_wins(
    backend, bases, tmp_path
):
    method = Dpo(dropout=0.0)
    done, desk = tuned(backend, bases["llama"], tmp_path, method, epochs=4)
    losses = [values["loss"] for _, _, values in desk.progressed]
    assert losses[0] == pytest.approx(math.log(2), abs=1e-4)
    assert losses[-1] < 0.1
    assert isinstance(done, FineTune)


def test_a_rows_own_worse_answer_is_taken_before_the_models(backend, bases):
    chat = backend._residence().reader(bases["llama"]).chat
    rows = [replace(ROWS[0], rejected="A bird."), ROWS[1]]
    encoded = [chat.row(row, last_only=True) for row in rows]
    rule = Preferences.of(Dpo(), chat, encoded, rows)
    assert list(rule.worse) == [encoded[0]]
    worse = rule.worse[encoded[0]]
    start = worse.learned.index(True)
    assert chat.text(worse.tokens[start:]) == "A bird."
    assert worse.tokens[:start] == encoded[0].tokens[: encoded[0].learned.index(True)]


def test_dpo_is_a_lora_with_an_objective_of_its_own():
    assert isinstance(Dpo(rank=4), Lora)
    assert Dpo.needs.isdisjoint(Lora.needs)


def test_likelihoods_are_summed_over_the_answer(backend, bases, tmp_path):
    base = bases["llama"]
    network = AutoModelForCausalLM.from_pretrained(base.location)
    chat = backend._residence().reader(base).chat
    from ftbench_hf.preferences import _likelihoods  # noqa: PLC0415
    from ftbench_hf.rules import RuleBook  # noqa: PLC0415
    from ftbench_hf.trainer import Dose, Trainer  # noqa: PLC0415

    rows = tuple(chat.row(row, last_only=True) for row in ROWS[:3])
    dose = Dose(epochs=1, learning_rate=1e-3, batch_size=3, seed=0, part_tokens=4096)
    trainer = Trainer(backend._residence().copy_to_train(base), dose, rules=RuleBook(()))
    found = _likelihoods(trainer, Batch(rows=rows))
    for value, row in zip(found, rows, strict=True):
        assert float(value.detach()) == pytest.approx(
            float(log_likelihood(network, row).detach()), abs=1e-3
        )
