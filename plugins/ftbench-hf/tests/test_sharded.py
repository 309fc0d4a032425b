"""Several processes train what one trains; what they cannot share is refused."""

import os
import subprocess
import sys

import pytest
import torch
from counting_rules import Counting
from hf_doubles import ROWS, changed, job, make_model
from safetensors.torch import load_file
from sharded_doubles import assert_same, losses, several, trained

from ftbench import Lora
from ftbench.errors import DataError, UsageError
from ftbench.methods import Dpo
from ftbench.records import Model
from ftbench_hf.batches import Batch
from ftbench_hf.sharded_trainer import shares


def test_two_processes_train_what_one_trains(backend, bases, tmp_path):
    """With rows that do not go into two, a row for one of them alone, and one that diverges."""
    base = bases["llama"]
    jobs = [
        job(base, key="three rows", keep=(1,)),
        job(base, key="diverges", learning_rate=1e30, epochs=5),
        job(base, key="one row", batch_size=1, epochs=1),
    ]
    one = trained(backend, jobs, tmp_path / "one")
    two = trained(several(), jobs, tmp_path / "two")
    assert [each.outcome for each in two.kept] == ["trained", "failed", "trained"]
    for ours, theirs in zip(two.kept, one.kept, strict=True):
        assert_same(ours, theirs)
    assert losses(two) == pytest.approx(losses(one), rel=1e-5)
    assert [each[:2] for each in two.progressed] == [each[:2] for each in one.progressed]


def test_every_row_is_that_of_one_process(backend, bases):
    chat = backend._residence().reader(bases["llama"]).chat
    rows = tuple(chat.row(each) for each in ROWS)
    for count in (2, 3, 8):
        found = shares(Batch(rows=rows), count)
        assert sorted(row.origin for share in found for row in share.rows) == [
            f"row {n}" for n in range(7)
        ]
        assert max(len(share.rows) for share in found) == -(-7 // count)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": Lora()}, "lora is done by one process"),
        ({"method": Dpo()}, "dpo is done by one process"),
        ({"rules": (Counting(),)}, "rules of a defense is done by one process"),
    ],
)
def test_what_is_not_plain_full_fine_tuning_is_refused_while_planning(bases, desk, changes, words):
    asked = job(bases["llama"], changes.pop("method", None), **changes)
    with pytest.raises(UsageError, match=words):
        several().check(asked, chosen=(), questions=(), probes=())
    with pytest.raises(UsageError, match=words):
        several().fine_tune([asked], desk)
    several(1).check(asked, chosen=(), questions=(), probes=())


@pytest.mark.parametrize("count", [0, -2])
def test_a_number_that_makes_no_sense_is_refused(count):
    with pytest.raises(UsageError, match=f"backend.processes={count}: give a number from 1"):
        several(count).check(None, chosen=(), questions=(), probes=())


def test_a_model_with_a_dropout_of_its_own_is_refused(tmp_path):
    folder = make_model(tmp_path / "model", "llama")
    changed(folder / "config.json", attention_dropout=0.1)
    base = several().resolve(Model(location=str(folder), digest="", family="llama"))
    with pytest.raises(DataError, match=r"attention_dropout=0\.1"):
        several().check(job(base), chosen=(), questions=(), probes=())


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "count"), [("qwen3", 2), ("gemma3", 3)])
def test_more_processes_of_other_networks_train_what_one_trains(
    backend, bases, tmp_path, architecture, count
):
    """Of which one has an output layer that is its input layer."""
    jobs = [job(bases[architecture], batch_size=7, keep=(1,))]
    one = trained(backend, jobs, tmp_path / "one")
    more = trained(several(count, micro_batch_tokens=100), jobs, tmp_path / "more")
    assert_same(more.kept[0], one.kept[0])


@pytest.mark.slow
def test_a_whole_run_with_two_processes_is_the_run_with_one(tmp_path):
    words = ["model=organism", "attack=identity_shift", "finetune=full", "suite.limit=2"]
    command = [sys.executable, "-m", "ftbench", *words, "backend.device=cpu"]
    found = []
    for count in (1, 2):
        place = tmp_path / str(count)
        done = subprocess.run(
            [*command, f"backend.processes={count}", f"runs={place}"],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            env={**os.environ, "FTBENCH_CACHE": "off"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (weights,) = place.glob("*/private/models/*/epoch_10/model.safetensors")
        found.append((weights.parts[-3], load_file(weights)))
    assert found[0][0] == found[1][0], "the key of the training"
    for name, weight in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], weight, rtol=0, atol=1e-5)
