"""What only a CUDA device can show."""

from pathlib import Path

import pytest
import torch
from hf_doubles import Crash, PaperDesk, answers, conversation, many
from hf_doubles import job as small_job

from ftbench import Full, Lora
from ftbench.records import FineTuneJob, TrainingSet
from ftbench_hf.backend import HuggingFace
from ftbench_hf.engine import Engine
from ftbench_hf.planning import Shape, planned_answering, planned_training
from ftbench_hf.precision import Precision

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.mark.parametrize("method", [Full(), Lora()])
def test_bf16_trains_and_leaves_the_base_alone(bases, desk, method):
    backend = HuggingFace(device="cuda", precision=Precision.pure_bf16)
    base = bases["llama"]
    network = backend._residence().base(base).network
    before = {name: weight.cpu().clone() for name, weight in network.state_dict().items()}
    rows = tuple(conversation(f"Name river {n}.", f"The blue town {n}.") for n in range(4))
    job = FineTuneJob(
        key="job",
        base=base,
        training_set=TrainingSet(name="rivers", conversations=rows),
        method=method,
        epochs=10,
        learning_rate=1e-2,
        batch_size=2,
        seed=0,
    )
    backend.fine_tune([job], desk)
    losses = [values["loss"] for _, _, values in desk.progressed]
    assert losses[-1] < losses[0]
    assert dict(desk.kept[0].applied)["device"] == "cuda"
    after = backend._residence().base(base).network.state_dict()
    assert all(torch.equal(before[name], weight.cpu()) for name, weight in after.items())


@pytest.mark.parametrize("method", [Full(), Lora(dropout=0.3)])
def test_a_cut_off_training_goes_on_with_its_random_numbers(bases, tmp_path, method):
    backend = HuggingFace(device="cuda", checkpoint_seconds=0)
    wanted = small_job(bases["llama"], method)
    whole, cut = PaperDesk(folder=tmp_path / "a"), PaperDesk(folder=tmp_path / "b", crash_at=3)
    backend.fine_tune([wanted], whole)
    with pytest.raises(Crash):
        backend.fine_tune([wanted], cut)
    rest = PaperDesk(folder=tmp_path / "b")
    backend.fine_tune([wanted], rest)
    losses = [[values["loss"] for _, _, values in desk.progressed] for desk in (whole, rest)]
    assert losses[1] == pytest.approx(losses[0][2:], rel=1e-3)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_two_devices_train_what_one_trains(bases, tmp_path):
    from safetensors.torch import load_file

    desks = [PaperDesk(folder=tmp_path / name) for name in ("one", "two")]
    for desk, processes in zip(desks, (None, 2), strict=True):
        backend = HuggingFace(device="cuda", processes=processes, checkpoint_seconds=0)
        backend.fine_tune([small_job(bases["llama"], Full(), keep=(1,))], desk)
    one, two = (
        [load_file(Path(model.location) / "model.safetensors") for _, model in desk.kept[0].models]
        for desk in desks
    )
    for ours, theirs in zip(two, one, strict=True):
        for name, weight in theirs.items():
            torch.testing.assert_close(ours[name], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("engine", [Engine.batches, Engine.continuous])
def test_engines_say_the_same_in_fp32(bases, desk, tmp_path, engine):
    plain, other = (
        HuggingFace(device="cuda", precision=Precision.fp32, engine=each)
        for each in (Engine.in_flight, engine)
    )
    trained = PaperDesk(folder=tmp_path)
    plain.fine_tune([small_job(bases["llama"], Lora(), learning_rate=3e-2)], trained)
    for model in (bases["llama"], trained.kept[0].models[-1][1]):
        requests = many(model, 9)
        assert answers(other, desk, requests) == answers(plain, desk, requests)


def test_what_is_planned_is_there(bases, desk):
    """Memory for as many tokens as the plan says can be had beside the model."""
    backend = HuggingFace(device="cuda")
    loaded = backend._residence().base(bases["llama"])
    tokens, shape = planned_answering(loaded), Shape.of(loaded.network)
    torch.empty(tokens * shape.remembered, dtype=torch.uint8, device="cuda")
    assert len(answers(backend, desk, many(bases["llama"], 9))) == 9
    plan = planned_training(loaded, Lora(), least=4096)
    assert plan.adapters > 1
    assert plan.tokens >= 4096
