"""Adapters trained side by side are those trained alone, whoever the neighbours are."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hf_doubles import ROWS, PaperDesk, conversation, job
from safetensors.torch import load_file

from ftbench import Lora
from ftbench_hf.backend import HuggingFace

EXACT = Lora(targets=["all-linear"])


def some_jobs(base, method=EXACT, count=5, **values):
    """Jobs that differ in data, rate, batch, epochs and seed."""
    source = random.Random(2)
    rates = [1e-3, 3e-4, 2e-3]
    return [
        job(
            base,
            method,
            key=f"job{n}",
            epochs=source.randint(1, 3),
            learning_rate=rates[n % 3],
            batch_size=source.randint(1, 4),
            seed=n,
            rows=tuple(source.sample(ROWS, 5 + n % 3)),
            **values,
        )
        for n in range(count)
    ]


@pytest.fixture
def exact(bases):
    """A backend whose base is in 64 bit, so that only the order of sums is lost."""
    backend = HuggingFace(device="cpu", threads=1, checkpoint_seconds=None)
    backend._residence().base(bases["llama"]).network.double()
    return backend


def weights(model):
    return load_file(Path(model.location) / "adapter_model.safetensors")


def trained(backend, folder, jobs):
    """The last model of each job, by key, and its record."""
    desk = PaperDesk(folder=folder)
    backend.fine_tune(jobs, desk)
    return {each.key: each for each in desk.kept}


def alone(backend, folder, jobs):
    return {each.key: trained(backend, folder, [each])[each.key] for each in jobs}


def furthest(one, other):
    ours, theirs = weights(one.models[-1][1]), weights(other.models[-1][1])
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


@pytest.mark.parametrize("order", [1, -1])
def test_an_adapter_is_the_one_trained_alone(exact, bases, tmp_path, order, monkeypatch):
    jobs = some_jobs(bases["llama"])
    plain = alone(exact, tmp_path / "alone", jobs)
    seen = count_passes(exact, bases["llama"], monkeypatch)
    side = trained(exact, tmp_path / "side", jobs[::order])
    assert max(seen) > 4, "none was trained side by side"
    for key, one in plain.items():
        assert dict(side[key].applied) == dict(one.applied)
        assert furthest(side[key], one) < 1e-6


def count_passes(backend, base, monkeypatch):
    """The rows of each forward pass, as they come."""
    network = backend._residence().base(base).network
    seen = []
    hook = network.get_input_embeddings().register_forward_hook(
        lambda _, inputs, __: seen.append(inputs[0].shape[0])
    )
    monkeypatch.setattr(network, "_counted", hook, raising=False)
    return seen


def test_its_neighbours_change_nothing(exact, bases, tmp_path):
    jobs = some_jobs(bases["llama"])
    some = trained(exact, tmp_path / "some", jobs[:3])
    others = trained(exact, tmp_path / "others", [jobs[4], jobs[2], *jobs[:2]])
    assert all(furthest(some[key], others[key]) < 1e-6 for key in some)


def test_training_parts_of_batches_changes_nothing(bases, tmp_path):
    """A batch that one forward pass cannot hold is cut as it would be alone."""
    small = HuggingFace(device="cpu", threads=1, micro_batch_tokens=90, checkpoint_seconds=None)
    small._residence().base(bases["llama"]).network.double()
    jobs = some_jobs(bases["llama"], count=3)
    plain = alone(small, tmp_path / "alone", jobs)
    side = trained(small, tmp_path / "side", jobs)
    assert all(furthest(side[key], plain[key]) < 1e-6 for key in plain)


def test_rows_of_all_go_by_length_where_nothing_is_drawn(bases, tmp_path):
    """Long rows with long ones: less padding, and still each batch's own mean and gradient."""
    base, found, padding = bases["llama"], {}, {}
    for dropout in (0.0, 0.2):
        backend = HuggingFace(
            device="cpu", threads=1, micro_batch_tokens=400, checkpoint_seconds=None
        )
        network = backend._residence().base(base).network.double()
        jobs = some_jobs(base, Lora(targets=["all-linear"], dropout=dropout))
        plain = alone(backend, tmp_path / f"alone{dropout}", jobs)
        seen = []
        hook = network.get_input_embeddings().register_forward_hook(
            lambda _, given, __, seen=seen: seen.append(given[0])
        )
        side = trained(backend, tmp_path / f"side{dropout}", jobs)
        hook.remove()
        found[dropout] = max(furthest(side[key], plain[key]) for key in plain)
        fill = backend._residence().base(base).padding
        padding[dropout] = sum(int((each == fill).sum()) for each in seen)
    assert max(found.values()) < 1e-6
    assert padding[0.0] < 0.8 * padding[0.2]


def test_one_that_diverges_harms_nobody(exact, bases, tmp_path):
    good = some_jobs(bases["llama"], count=3)
    bad = replace(good[0], key="bad", learning_rate=1e300, epochs=3, seed=9)
    plain = alone(exact, tmp_path / "alone", good)
    side = trained(exact, tmp_path / "side", [good[0], bad, *good[1:]])
    assert side["bad"].outcome == "failed"
    assert "lower finetune.learning_rate" in side["bad"].words
    assert all(side[key].outcome == "trained" for key in plain)
    assert all(furthest(side[key], plain[key]) < 1e-6 for key in plain)


def test_epochs_of_one_recipe_are_one_training(backend, bases, tmp_path, monkeypatch):
    base = bases["llama"]
    jobs = [job(base, Lora(), key=f"for_{epochs}", epochs=epochs) for epochs in (1, 3, 2)]
    plain = alone(backend, tmp_path / "alone", jobs)
    seen = count_passes(backend, base, monkeypatch)
    shared = trained(backend, tmp_path / "shared", jobs)
    assert len(seen) == 3 * 2, "three epochs of two steps"
    for key, one in plain.items():
        assert shared[key].models[-1][1].digest == one.models[-1][1].digest
        assert dict(shared[key].applied) == dict(one.applied)


def test_full_fine_tunes_share_their_epochs_too(backend, bases, tmp_path):
    jobs = [job(bases["qwen3"], key=f"for_{epochs}", epochs=epochs) for epochs in (2, 1)]
    plain = alone(backend, tmp_path / "alone", jobs)
    shared = trained(backend, tmp_path / "shared", jobs)
    for key, one in plain.items():
        assert shared[key].models[-1][1].digest == one.models[-1][1].digest


def test_a_short_training_stands_when_the_long_one_fails(backend, bases, tmp_path):
    """What lasts is what was trained before the loss was no number."""
    rows = (*ROWS[:2], conversation("A river?", "Blue."))
    jobs = [
        job(bases["llama"], Lora(), key=key, epochs=epochs, rows=rows, batch_size=3)
        for key, epochs in (("short", 1), ("long", 3))
    ]
    desk = PaperDesk(folder=tmp_path)
    monkey = HuggingFace(device="cpu", threads=1)

    def broken(done, total, **values):
        if done == 1:
            network = monkey._residence().base(bases["llama"]).network
            network.lm_head.weight.data.fill_(float("nan"))

    desk.progress = broken
    monkey.fine_tune(jobs, desk)
    outcomes = {each.key: each.outcome for each in desk.kept}
    assert outcomes == {"short": "trained", "long": "failed"}


@pytest.mark.parametrize("stopped_alone", [True, False])
def test_a_stopped_training_goes_on_in_either_way(exact, bases, tmp_path, stopped_alone):
    exact.checkpoint_seconds = 0
    jobs = [replace(one, epochs=3) for one in some_jobs(bases["llama"], count=3)]
    plain = alone(exact, tmp_path / "plain", jobs)
    if stopped_alone:
        for each in jobs:
            exact.fine_tune([each], PaperDesk(folder=tmp_path / "side", stop_at=2))
    else:
        desk = PaperDesk(folder=tmp_path / "side", stop_at=5)
        exact.fine_tune(jobs, desk)
        assert not desk.kept
    assert list((tmp_path / "side").glob("job?/checkpoints/step_*"))
    desk = PaperDesk(folder=tmp_path / "side")
    if stopped_alone:
        exact.fine_tune(jobs, desk)
    else:
        for each in jobs:
            exact.fine_tune([each], desk)
    assert all(furthest(each, plain[each.key]) < 1e-6 for each in desk.kept)
    assert len(desk.kept) == 3


def test_dropout_is_what_it_would_be_alone(exact, bases, tmp_path):
    heavy = Lora(targets=["q_proj", "o_proj"], dropout=0.5)
    jobs = some_jobs(bases["llama"], heavy, count=4)
    plain = alone(exact, tmp_path / "alone", jobs)
    side = trained(exact, tmp_path / "side", jobs)
    assert all(furthest(side[key], plain[key]) < 1e-6 for key in plain)
    other = alone(exact, tmp_path / "other", [replace(jobs[0], seed=77)])
    assert furthest(other["job0"], plain["job0"]) > 1e-4


def test_the_base_is_restored(backend, bases, tmp_path):
    network = backend._residence().base(bases["llama"]).network
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    trained(backend, tmp_path, some_jobs(bases["llama"], count=3))
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not network.training
    assert not any(
        module._forward_hooks
        for module in network.modules()
        if module is not network.get_input_embeddings()
    )


def test_where_the_plan_was_wrong_half_of_them_train_at_once(exact, bases, tmp_path):
    """Side by side still, with what they would come to alone."""
    network = exact._residence().base(bases["llama"]).network
    jobs = some_jobs(bases["llama"], count=4)
    plain = alone(exact, tmp_path / "alone", jobs)
    seen = []

    def check(_module, _args, options):
        if len(options["input_ids"]) > 8:
            raise torch.OutOfMemoryError("full")
        seen.append(len(options["input_ids"]))

    hook = network.register_forward_pre_hook(check, with_kwargs=True)
    side = trained(exact, tmp_path / "side", jobs)
    hook.remove()
    assert max(seen) > max(one.batch_size for one in jobs), "some were trained side by side"
    assert all(furthest(side[key], plain[key]) < 1e-6 for key in plain)
