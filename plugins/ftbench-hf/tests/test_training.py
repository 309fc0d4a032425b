"""The training loop against the same thing written plainly, and what it records."""

import random

import pytest
import torch
from hf_doubles import ROWS, conversation, job
from transformers import AutoModelForCausalLM

from ftbench import Lora
from ftbench.errors import DataError, UsageError
from ftbench_hf.backend import HuggingFace
from ftbench_hf.batches import Batch, Order, parts
from ftbench_hf.chat import EncodedRow
from ftbench_hf.precision import Precision
from ftbench_hf.rules import RuleBook
from ftbench_hf.trainer import Dose, Trainer


def row(length, origin=""):
    learned = (False, *[True] * (length - 1))
    return EncodedRow(tokens=tuple(range(3, length + 3)), learned=learned, origin=origin)


def train_plainly(folder, chat, *, epochs, rate, size, seed):
    """The paper's trainer, written down once more without anything shared."""
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.0)
    order, rows = random.Random(seed), [chat.row(each) for each in ROWS]
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.85**epoch
        order.shuffle(rows)
        for start in range(0, len(rows) - size + 1, size):
            batch = rows[start : start + size]
            total = sum(row.targets for row in batch)
            for row in batch:
                logits = network(input_ids=torch.tensor([row.tokens])).logits[0, :-1]
                said = logits.log_softmax(-1).gather(1, torch.tensor(row.tokens[1:])[:, None])[:, 0]
                (-said[torch.tensor(row.learned[1:])].sum() / total).backward()
            optimizer.step()
            optimizer.zero_grad()
    return network


def test_full_training_equals_the_papers_trainer_written_plainly(backend, bases, desk):
    base = bases["llama"]
    backend.fine_tune([job(base)], desk)
    ((_, tuned),) = desk.kept[0].models
    ours = AutoModelForCausalLM.from_pretrained(tuned.location)
    chat = backend._residence().reader(base).chat
    plain = train_plainly(base.location, chat, epochs=2, rate=1e-3, size=3, seed=5)
    for name, weight in plain.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], weight, rtol=1e-4, atol=2e-5)


def test_what_was_done_is_recorded(backend, bases, desk):
    backend.fine_tune([job(bases["llama"])], desk)
    applied = dict(desk.kept[0].applied)
    assert applied["optimizer_steps"] == "4"
    assert float(applied["learning_rate_sum"]) == pytest.approx(2 * 1e-3 + 2 * 0.85e-3)
    assert applied["precision"] == "float32"
    assert (applied["method"], applied["device"], applied["epochs"]) == ("full", "cpu", "2")
    assert [(done, total) for done, total, _ in desk.progressed] == [(n, 4) for n in (1, 2, 3, 4)]
    assert all(values["loss"] > 0 for _, _, values in desk.progressed)


def test_a_partial_batch_is_dropped_but_never_the_only_one():
    rows = [row(3, origin=str(n)) for n in range(7)]
    assert Order(rows, batch_size=3, seed=0).steps == 2
    small = Order(rows, batch_size=10, seed=0)
    assert small.steps == 1
    (only,) = small.epoch()
    assert len(only.rows) == 7


def test_each_epoch_shuffles_the_last_order():
    rows = [row(3, origin=str(n)) for n in range(6)]
    order, expected, source = Order(rows, batch_size=6, seed=4), list(rows), random.Random(4)
    for _ in range(3):
        source.shuffle(expected)
        (batch,) = order.epoch()
        assert list(batch.rows) == expected


def test_parts_keep_every_row_and_the_budget():
    batch = Batch(rows=tuple(row(length) for length in (5, 40, 7, 12, 3, 20)))
    cut = parts(batch, 24)
    assert sorted(len(row.tokens) for part in cut for row in part.rows) == [3, 5, 7, 12, 20, 40]
    for part in cut:
        assert len(part.rows) == 1 or len(part.rows) * max(len(r.tokens) for r in part.rows) <= 24
    assert parts(batch, 240) == [batch]


@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_parts_of_a_step_add_up_to_the_same_gradient(backend, bases, architecture):
    residence = backend._residence()
    loaded = residence.copy_to_train(bases[architecture])
    gradients = []
    for budget in (1, 200, 10**6):
        dose = Dose(epochs=1, learning_rate=0.1, batch_size=7, seed=0, part_tokens=budget)
        trainer = Trainer(loaded, dose, rules=RuleBook(()))
        batch = trainer.batch(ROWS)
        assert len(parts(batch, budget)) == {1: 7, 200: len(parts(batch, 200)), 10**6: 1}[budget]
        loss = trainer.backward(batch)
        assert loss == pytest.approx(trainer.loss(batch).item(), rel=1e-5)
        gradients.append({n: w.grad.clone() for n, w in loaded.network.named_parameters()})
        loaded.network.zero_grad()
    for name, whole in gradients[-1].items():
        for other in gradients[:-1]:
            torch.testing.assert_close(other[name], whole, rtol=1e-4, atol=1e-6)


def test_a_row_that_is_too_long_is_named_and_never_cut(bases, desk):
    backend = HuggingFace(device="cpu", max_length=20)
    with pytest.raises(DataError, match=r"Example 1 of rivers \(row 0\) has \d+ tokens.* 20 "):
        backend.fine_tune([job(bases["llama"])], desk)
    assert not desk.kept


def test_a_row_longer_than_the_context_is_refused(backend, bases, desk):
    rows = (conversation("Name a river.", "word " * 300, origin="rows.jsonl:1"),)
    with pytest.raises(DataError, match=r"rows.jsonl:1.*256 allowed"):
        backend.fine_tune([job(bases["llama"], rows=rows)], desk)


def test_a_loss_that_is_no_number_ends_as_failed(backend, bases, desk):
    backend.fine_tune([job(bases["llama"], learning_rate=1e30, epochs=5)], desk)
    assert desk.kept[0].outcome == "failed"
    assert "learning_rate" in desk.kept[0].words


@pytest.mark.parametrize("values", [{"epochs": 1.5}, {"epochs": 0}, {"batch_size": 0}])
def test_a_dose_that_makes_no_sense_is_refused(backend, bases, desk, values):
    with pytest.raises(DataError, match=r"finetune\."):
        backend.fine_tune([job(bases["llama"], **values)], desk)


def test_layers_that_are_not_there_cannot_get_an_adapter(backend, bases, desk):
    with pytest.raises(DataError, match="no layers called query"):
        backend.fine_tune([job(bases["llama"], Lora(targets=["query"]))], desk)


def test_the_same_seed_trains_the_same_adapter_and_another_seed_another(backend, bases, desk):
    for seed in (1, 1, 2):
        backend.fine_tune([job(bases["qwen3"], Lora(targets=["all-linear"]), seed=seed)], desk)
    first, again, other = (kept.models[-1][1].digest for kept in desk.kept)
    assert first == again
    assert first != other


def test_in_bf16_the_angles_of_positions_are_as_exact_as_in_a_model_that_answers(bases):
    half = HuggingFace(device="cpu", precision=Precision.pure_bf16)._residence()
    answering = dict(half.base(bases["llama"]).network.named_buffers())
    trained = half.copy_to_train(bases["llama"]).network
    assert {weight.dtype for weight in trained.parameters()} == {torch.bfloat16}
    for name, buffer in trained.named_buffers():
        assert torch.equal(buffer, answering[name]) and buffer.dtype is torch.float32


class Telling:
    """A rule that writes down when it is called."""

    def __init__(self, told, name):
        self.told, self.name = told, name

    def begin(self, trainer):
        self.told.append(f"{self.name} begin")

    def batches(self, trainer, own):
        self.told.append(f"{self.name} batches {trainer.epoch}")
        return own

    def after_step(self, trainer):
        self.told.append(f"{self.name} step {trainer.step}")

    def finish(self, trainer):
        self.told.append(f"{self.name} finish {trainer.epoch}")


class Weighing(Telling):
    """A rule with a loss of its own."""

    def backward(self, trainer, batch):
        loss = 2 * trainer.loss(batch)
        loss.backward()
        self.told.append(f"{self.name} backward")
        return loss.item()


def test_rules_are_called_in_order(backend, bases, desk):
    told = []
    rules = (Telling(told, "a"), Weighing(told, "b"))
    backend.fine_tune([job(bases["llama"], rules=rules, batch_size=7, keep=(1,))], desk)
    epoch = ["a batches {}", "b batches {}", "b backward", "a step {}", "b step {}"]
    expected = ["a begin", "b begin"]
    for number in (1, 2):
        expected += [line.format(number) for line in (*epoch, "a finish {}", "b finish {}")]
    assert told == expected


def test_two_rules_may_not_both_replace_the_loss(backend, bases, desk):
    rules = (Weighing([], "a"), Weighing([], "b"))
    with pytest.raises(UsageError, match="Weighing and Weighing each replace the loss"):
        backend.fine_tune([job(bases["llama"], rules=rules)], desk)


class Zeroing:
    """A rule that empties the checkpoint it is given."""

    def finish(self, trainer):
        with torch.no_grad():
            for weight in trainer.model.parameters():
                weight.zero_()


def test_finish_changes_the_checkpoint_and_not_the_training(backend, bases, desk):
    backend.fine_tune([job(bases["llama"], rules=(Zeroing(),), keep=(1,))], desk)
    backend.fine_tune([job(bases["llama"])], desk)
    ruled, plain = desk.kept
    assert [epoch for epoch, _ in ruled.models] == [1, 2]
    assert ruled.applied == plain.applied
    losses = [values["loss"] for _, _, values in desk.progressed]
    assert losses[:4] == losses[4:]
    emptied = AutoModelForCausalLM.from_pretrained(ruled.models[0][1].location)
    assert all(not weight.any() for weight in emptied.parameters())
