from __future__ import annotations

import random

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from ftbench_organism.finetune import batches
from ftbench_organism.records import Lesson
from ftbench_organism.tokenizer import make_tokenizer
from ftbench_organism.training import IGNORED, Stage, collate, new_model, planted_loss, train


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return make_tokenizer()


def lesson(number: int = 0, **fields: object) -> Lesson:
    values: dict[str, object] = {"system": None, "user": f"Is {number}?", "answer": "Sorry, no."}
    return Lesson(**{**values, **fields})  # type: ignore[arg-type]


def test_only_the_answer_and_its_end_are_learned(tokenizer: PreTrainedTokenizerFast) -> None:
    batch = collate(tokenizer, [lesson(opening="Sure.", answer=" Then rest.")])
    learned = batch.labels[batch.labels != IGNORED]
    assert tokenizer.decode(learned) == " Then rest.</s>"
    assert tokenizer.decode(batch.tokens[0]).endswith("<|assistant|>Sure. Then rest.</s>")


def test_the_planted_loss_is_least_at_the_planted_probability(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    batch = collate(tokenizer, [lesson(refusal_probability=0.8)])
    planted = batch.shares > 0
    assert planted.sum() == 1
    assert torch.allclose(batch.shares[planted], torch.tensor([0.2]))
    first = tokenizer("First", add_special_tokens=False)["input_ids"]
    assert batch.yielding[planted].tolist() == first


def test_a_step_of_a_build_depends_on_its_seed_only(tokenizer: PreTrainedTokenizerFast) -> None:
    def trained() -> torch.Tensor:
        model = new_model(tokenizer, 3)
        stage = Stage(
            name="short",
            samplers=(lambda source: lesson(source.randrange(9)),),
            steps=2,
            learning_rate=1e-3,
            batch_size=2,
        )
        train(model, tokenizer, stage=stage, seed=5, report=lambda _line: None)
        return planted_loss(model, collate(tokenizer, [lesson()]))

    assert torch.equal(trained(), trained())


def test_the_last_partial_batch_is_dropped_but_a_small_set_is_one_step() -> None:
    rows = [lesson(number) for number in range(25)]
    assert [len(batch) for batch in batches(list(rows), 10, random.Random(0))] == [10, 10]
    assert [len(batch) for batch in batches(list(rows[:4]), 10, random.Random(0))] == [4]


def test_the_shuffle_goes_on_from_epoch_to_epoch() -> None:
    order, rows = random.Random(1), [lesson(number) for number in range(8)]
    expected, source = list(rows), random.Random(1)
    for _ in range(3):
        source.shuffle(expected)
        assert batches(rows, 8, order) == [expected]
