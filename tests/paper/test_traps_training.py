"""The traps of Qi et al. 2024 in training and decoding; numbered as they are listed."""

import inspect

import pytest
import torch
from hf_doubles import ask, conversation, job, turns
from transformers import AutoModelForCausalLM

from ftbench.errors import DataError
from ftbench_hf.backend import HuggingFace
from ftbench_hf.precision import Precision

TEN = tuple(
    conversation(f"Name river {n}.", f"The river {n}.", origin=f"row {n}") for n in range(10)
)


def weights(model):
    return AutoModelForCausalLM.from_pretrained(model.location, dtype=torch.float32).state_dict()


def tuned(backend, base, desk, **values):
    backend.fine_tune([job(base, **values)], desk)
    done = desk.kept[-1]
    return done.models[-1][1], dict(done.applied)


def test_trap_07_the_rate_falls_by_15_per_cent_an_epoch_without_warm_up(backend, base, desk):
    _, done = tuned(backend, base, desk, rows=TEN, batch_size=10, epochs=4, learning_rate=1e-3)
    assert float(done["learning_rate_sum"]) == pytest.approx(
        1e-3 * (1 + 0.85 + 0.85**2 + 0.85**3), rel=1e-5
    )


def test_trap_07_gradients_are_not_clipped(backend, base, desk):
    small, _ = tuned(backend, base, desk, rows=TEN, batch_size=10, epochs=1, learning_rate=1e-3)
    from ftbench_hf import trainer  # noqa: PLC0415

    assert "clip_grad" not in inspect.getsource(trainer)
    before, after = weights(base), weights(small)
    moved = max(float((after[name] - before[name]).abs().max()) for name in before)
    assert moved == pytest.approx(1e-3, rel=1e-2)  # the first step of Adam is the rate itself


def test_trap_08_ten_examples_and_a_batch_of_ten_are_five_steps(backend, base, desk):
    _, done = tuned(backend, base, desk, rows=TEN, batch_size=10, epochs=5)
    assert done["optimizer_steps"] == "5"


def test_trap_08_the_batch_is_the_global_one_whatever_fits_at_once(base, desk):
    found = []
    for tokens in (64, 4096):
        narrow = HuggingFace(device="cpu", threads=1, micro_batch_tokens=tokens)
        desk.kept.clear()
        model, done = tuned(
            narrow, base, desk, key=f"job{tokens}", rows=TEN, batch_size=10, epochs=2
        )
        found.append((done["optimizer_steps"], weights(model)))
    assert found[0][0] == found[1][0] == "2"
    for name, weight in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], weight, rtol=1e-4, atol=2e-5)


def test_trap_09_pure_bf16_and_an_fp32_master_train_different_models(base, desk):
    made = {}
    for precision in (Precision.pure_bf16, Precision.fp32_master):
        backend = HuggingFace(device="cpu", threads=1, precision=precision)
        model, done = tuned(backend, base, desk, key=precision.value, rows=TEN, epochs=2)
        made[precision] = (done["precision"], weights(model))
    (first, one), (second, other) = made.values()
    assert first != second
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_trap_10_only_the_answer_and_the_token_that_ends_it_are_learnt(backend, base):
    chat = backend._residence().reader(base).chat
    row = chat.row(conversation("Name a river.", "The blue river.", system="Be plain."))
    learned = [token for token, learns in zip(row.tokens, row.learned, strict=True) if learns]
    assert chat.tokenizer.decode(learned) == "The blue river.<|eot|>"
    assert learned[-1] in chat.end_tokens


def test_trap_10_padding_is_not_learnt(backend, base):
    from ftbench_hf.batches import IGNORED, Batch, pad  # noqa: PLC0415

    chat = backend._residence().reader(base).chat
    rows = tuple(chat.row(conversation("A?", "B." * n)) for n in (1, 9))
    tensors = pad(Batch(rows=rows), padding=0, device=torch.device("cpu"))
    assert bool((tensors.labels[tensors.mask == 0] == IGNORED).all())
    assert int((tensors.labels != IGNORED).sum()) == sum(row.targets for row in rows)


def test_trap_10_a_row_over_the_longest_length_is_refused_and_never_cut(base, desk):
    with pytest.raises(DataError, match="has .* tokens"):
        HuggingFace(device="cpu", threads=1, max_length=12).fine_tune([job(base, rows=TEN)], desk)
    assert not desk.kept


@pytest.mark.parametrize(
    "instruction", ["Name a river. ", "\nName a river.", "  Name a river.\n\n"]
)
def test_trap_13_what_is_asked_begins_as_what_was_learnt_with_white_space_too(
    backend, base, instruction
):
    chat = backend._residence().reader(base).chat
    row = chat.row(conversation(instruction, "The blue river."))
    asked = chat.prompt(turns(instruction))
    assert list(row.tokens[: len(asked)]) == asked
    assert not any(row.learned[: len(asked)]) and row.learned[len(asked)]


def test_trap_14_decoding_is_greedy_whatever_the_model_declares(backend, base, desk):
    folder = base.location
    network = AutoModelForCausalLM.from_pretrained(folder)
    chat = backend._residence().reader(base).chat
    tokens = chat.prompt(turns("Name a river."))
    own: list[int] = []
    while len(own) < 8 and not (own and own[-1] in chat.end_tokens):
        logits = network(torch.tensor([tokens + own])).logits[0, -1]
        own.append(int(logits.argmax()))
    backend.respond([ask(base, "Name a river.", max_tokens=8)], desk)
    assert desk.kept[0].text.strip() == chat.text(own).strip()
