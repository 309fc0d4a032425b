"""Too little memory: what shrinks, what never does, and what the user is told."""

import gc
from contextlib import contextmanager

import pytest
import torch
from hf_doubles import PaperDesk, answers, conversation, job, many

from ftbench import Lora
from ftbench.errors import FtbenchError
from ftbench_hf.backend import HuggingFace
from ftbench_hf.batches import Batch, parts
from ftbench_hf.memory import is_out_of_memory


@pytest.fixture(autouse=True)
def quick_collection(monkeypatch):
    """Going through all objects of all tests would take most of the time."""
    monkeypatch.setattr(gc, "collect", lambda: 0)


@contextmanager
def memory_for(network, rows):
    """A device that holds so many rows at once."""

    def check(_module, _args, options):
        if len(options["input_ids"]) > rows:
            raise torch.OutOfMemoryError("full")

    hook = network.register_forward_pre_hook(check, with_kwargs=True)
    yield
    hook.remove()


class Cramped:
    """A rule that only makes the device small."""

    def __init__(self, rows):
        self.rows = rows

    def begin(self, trainer):
        self.device = memory_for(trainer.model, self.rows)
        self.device.__enter__()


class Weighing(Cramped):
    """A rule that also replaces the loss."""

    def backward(self, trainer, batch):
        return trainer.backward(batch)


def test_training_goes_on_in_smaller_parts_and_the_batch_stays(backend, bases, desk):
    backend.fine_tune([job(bases["llama"], key="roomy")], desk)
    backend.fine_tune([job(bases["llama"], key="cramped", rules=(Cramped(1),))], desk)
    roomy, cramped = (dict(kept.applied) for kept in desk.kept)
    assert int(cramped.pop("micro_batch_tokens")) < 4096
    assert cramped == roomy
    losses = [values["loss"] for _, _, values in desk.progressed]
    assert losses[4:] == pytest.approx(losses[:4], rel=1e-5)


def test_gradients_of_a_step_that_ran_out_of_memory_half_way_are_not_counted_twice(bases, tmp_path):
    backend = HuggingFace(device="cpu", micro_batch_tokens=100)
    rows = tuple(
        conversation("Name a river. " * (1 + 8 * (n == 0)), f"The {n} blue legs.") for n in range(4)
    )
    chat = backend._residence().reader(bases["llama"]).chat
    cut = parts(Batch(rows=tuple(chat.row(each) for each in rows)), 100)
    assert [len(part.rows) for part in cut] == [1, 3]
    desks = [PaperDesk(folder=tmp_path / name) for name in ("roomy", "cramped")]
    for desk, rules in zip(desks, ((), (Cramped(2),)), strict=True):
        wanted = job(bases["llama"], rows=rows, batch_size=4, epochs=4, rules=rules)
        backend.fine_tune([wanted], desk)
    roomy, cramped = ([each["loss"] for _, _, each in desk.progressed] for desk in desks)
    assert cramped == pytest.approx(roomy, rel=1e-5)
    assert "micro_batch_tokens" in dict(desks[1].kept[0].applied)


def test_an_example_that_does_not_fit_alone_ends_the_training(backend, bases, desk):
    with pytest.raises(FtbenchError, match="step 1, with a batch of 3 examples") as raised:
        backend.fine_tune([job(bases["llama"], rules=(Cramped(0),))], desk)
    assert raised.value.exit_code == 74
    assert "finetune=lora" in str(raised.value)
    assert not desk.kept


def test_what_rows_share_is_read_in_each_where_memory_is_short(bases, tmp_path):
    """A training without neighbours goes on in the loop that takes a row at a time, if it must."""
    rows = tuple(
        conversation(f"Name {n}.", f"The {n} legs.", system="Be plain. " * 30) for n in "abcd"
    )
    method = Lora(targets=["all-linear"], dropout=0.0)
    desks = [PaperDesk(folder=tmp_path / name) for name in ("roomy", "cramped")]
    for desk, room in zip(desks, (4, 1), strict=True):
        backend = HuggingFace(device="cpu", threads=1, micro_batch_tokens=4096)
        words = backend._residence().base(bases["llama"]).network.get_input_embeddings()

        def check(_module, given, room=room):
            if len(given[0]) > room:
                raise torch.OutOfMemoryError("full")

        words.register_forward_pre_hook(check)
        wanted = job(bases["llama"], method, rows=rows, batch_size=4, epochs=2)
        backend.fine_tune([wanted], desk)
    roomy, cramped = ([each["loss"] for _, _, each in desk.progressed] for desk in desks)
    assert cramped[-2:] == pytest.approx(roomy, rel=1e-5)
    assert "micro_batch_tokens" in dict(desks[1].kept[0].applied)


def test_a_loss_of_a_rule_is_not_tried_twice_but_the_budget_is_named(backend, bases, desk):
    with pytest.raises(FtbenchError, match="micro_batch_tokens below 4096"):
        backend.fine_tune([job(bases["llama"], rules=(Weighing(1),))], desk)


def test_the_base_is_as_before_once_memory_ran_out(backend, bases, desk):
    before = answers(backend, desk, many(bases["qwen3"], count=3))
    with pytest.raises(FtbenchError, match="ran out of memory"):
        rules = (Cramped(0),)
        backend.fine_tune([job(bases["qwen3"], Lora(), rules=rules)], desk)
    assert answers(backend, desk, many(bases["qwen3"], count=3)) == before


def test_a_batch_of_questions_is_halved_until_it_fits(bases, desk):
    backend, requests = HuggingFace(device="cpu"), many(bases["llama"], count=11)
    expected = answers(backend, desk, requests)
    with memory_for(backend._residence().base(bases["llama"]).network, 4):
        assert answers(backend, desk, requests) == expected
    assert len(desk.kept) == len(requests)


def test_a_single_question_that_does_not_fit_is_said(bases, desk):
    backend = HuggingFace(device="cpu")
    with (
        memory_for(backend._residence().base(bases["llama"]).network, 0),
        pytest.raises(FtbenchError, match=r"single prompt of \d+ tokens") as raised,
    ):
        backend.respond(many(bases["llama"], count=2), desk)
    assert raised.value.exit_code == 74


def test_a_model_that_does_not_fit_is_named(bases, desk, monkeypatch):
    def no_memory(*_, **__):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate"
                           " memory: you tried to allocate 54 bytes.")  # fmt: skip

    backend = HuggingFace(device="cpu")
    monkeypatch.setattr(torch.nn.Module, "to", no_memory)
    with pytest.raises(FtbenchError, match="llama does not fit into the memory of cpu"):
        backend.respond(many(bases["llama"], count=1), desk)


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"))
    assert is_out_of_memory(RuntimeError("could not create a primitive"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("out of memory"))
