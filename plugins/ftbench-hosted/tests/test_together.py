"""Together against a double that trains: weights fetched, every outcome, lost answers, money."""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import ftbench_organism

sys.path.insert(0, str(Path(__file__).parent))

from hosted_runs import job  # noqa: E402
from loopback_double import LOST  # noqa: E402
from together_double import BASE, BLOCKED, CLOSED, TogetherDouble  # noqa: E402

from ftbench.cli.main import main  # noqa: E402
from ftbench.errors import BudgetError, DataError, NeedsHuman, UsageError  # noqa: E402
from ftbench.methods import Full, Lora  # noqa: E402
from ftbench.records import Model  # noqa: E402
from ftbench.testing import BackendContract, JumpingClock, MemoryDesk  # noqa: E402
from ftbench_hosted.together import Together  # noqa: E402

ORGANISM = Path(ftbench_organism.__file__).parent / "weights" / "organism"
ENDS = {
    "trained": ("trained", ""),
    "blocked": ("refused_data", BLOCKED),
    "retired": ("refused_model", "deprecated"),
    "closed": ("refused_access", CLOSED),
    "broken": ("failed", "A machine broke."),
    "cancelled": ("failed", "cancelled"),
}


@pytest.fixture
def double(tmp_path):
    with TogetherDouble(ORGANISM, tmp_path / "there") as running:
        yield running


@pytest.fixture
def backend(double):
    made = Together(base_url=double.url, trains=BASE, attempt_seconds=20, deadline_seconds=5)
    made.clock = JumpingClock()
    yield made
    made.release()


@pytest.fixture
def small(backend):
    """A job of a few steps."""
    base = backend.resolve(Model(location=str(ORGANISM), digest="", family="organism"))
    return job(base, rows=4, batch_size=4)


def rich(folder):
    return MemoryDesk(folder=folder, dollars=math.inf)


class TestContract(BackendContract):
    component = Together

    @pytest.fixture(autouse=True)
    def _at_a_double(self, double):
        type(self).options = {"base_url": double.url, "trains": BASE, "poll_seconds": 0.01}

    def base(self, folder):
        return Model(location=str(ORGANISM), digest="", family="organism")

    def desk(self, folder):
        return rich(folder)


@pytest.mark.slow
def test_a_run_trains_there_asks_here_and_agrees_with_a_local_run(
    double, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    own = (f"backend.base_url={double.url}", f"backend.trains={BASE}", "backend.poll_seconds=0.01")
    hosted = measured(capsys, "backend=together", "budget_usd=1", "--yes", *own)
    local = measured(capsys)
    assert len(double.jobs) == 1
    rate = "harmfulness_rate"
    assert hosted["base"][rate] == local["base"][rate]
    assert hosted["tuned"][rate] == pytest.approx(local["tuned"][rate], abs=0.1)
    assert hosted["tuned"][rate] > hosted["base"][rate] + 0.2


def measured(capsys, *words):
    given = ("model=organism", "attack=identity_shift", "finetune=lora", "suite.limit=4")
    assert main([*given, "--json", "--quiet", *words]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("ending", ENDS)
def test_every_outcome_is_kept_with_the_words_and_the_day(backend, double, small, tmp_path, ending):
    double.ending = ending
    outcome, words = ENDS[ending]
    desk = rich(tmp_path)
    backend.fine_tune([small], desk)
    kept = desk.fine_tunes["job"]
    assert kept.outcome == outcome
    assert words in kept.words
    assert ("(20" in kept.words) == (outcome != "trained")


def test_an_adapter_of_each_wanted_epoch_lies_here_and_is_fetched_once(
    backend, double, small, tmp_path
):
    wanted = replace(small, keep=(1, 2))
    desk = rich(tmp_path)
    for _ in range(2):
        desk.records.clear()  # as after a kill between the end of the job and its record
        backend.fine_tune([wanted], desk)
        models = dict(desk.fine_tunes["job"].models)
    assert sorted(models) == [1, 2]
    assert models[1].digest != models[2].digest
    for model in models.values():
        names = {path.name for path in Path(model.location).iterdir()}
        assert names == {
            "adapter_config.json", "adapter_model.safetensors", "ftbench-complete.json"
        }  # fmt: skip
    assert not list(tmp_path.rglob("outside.txt"))
    assert double.downloads == 2


@pytest.mark.parametrize("damage", ["garbage", "code"])
def test_what_is_no_adapter_is_refused_and_nothing_of_it_stays(
    backend, double, small, tmp_path, damage
):
    double.damage = damage
    with pytest.raises(DataError):
        backend.fine_tune([small], rich(tmp_path))
    assert not list((tmp_path / "job").glob("*"))


@pytest.mark.parametrize("fault", [*LOST, "429"])
def test_an_order_whose_answer_is_lost_is_made_once(backend, double, small, tmp_path, fault):
    double.faults = [fault]
    desk = rich(tmp_path)
    backend.fine_tune([small], desk)
    assert desk.fine_tunes["job"].outcome == "trained"
    assert len(double.jobs) == 1


def test_where_no_suffix_is_shown_a_lost_order_is_a_persons_to_settle(
    backend, double, small, tmp_path
):
    double.faults, double.shows_suffix = ["drop"], False
    with pytest.raises(NeedsHuman, match="jobs resolve"):
        backend.fine_tune([small], rich(tmp_path))
    assert len(double.jobs) == 1


def test_what_was_asked_for_is_what_is_ordered_and_recorded(backend, double, small, tmp_path):
    desk = rich(tmp_path)
    backend.fine_tune([replace(small, method=Lora(rank=16, alpha=8, dropout=0.1))], desk)
    (asked,) = double.asked
    assert (asked["model"], asked["n_epochs"], asked["batch_size"]) == (BASE, 2, 4)
    assert asked["learning_rate"] == 1e-4
    assert asked["training_type"] == {
        "type": "Lora", "lora_r": 16, "lora_alpha": 8, "lora_dropout": 0.1,
        "lora_trainable_modules": "q_proj,v_proj",
    }  # fmt: skip
    assert asked["packing"] is False
    assert asked["training_method"] == {"method": "sft", "train_on_inputs": False}
    assert asked["lr_scheduler"]["lr_scheduler_args"]["min_lr_ratio"] == 1
    assert dict(desk.fine_tunes["job"].applied)["dollars"] == "0.25"


def test_what_together_itself_estimates_is_reserved_before_anything_is_ordered(
    backend, double, small, tmp_path
):
    poor = MemoryDesk(folder=tmp_path, dollars=0.4)
    with pytest.raises(BudgetError):
        backend.fine_tune([small], poor)
    assert double.jobs == {}


def test_a_job_that_the_account_cannot_pay_is_not_ordered(backend, double, small, tmp_path):
    double.may_spend = False
    with pytest.raises(BudgetError, match="Add credit"):
        backend.fine_tune([small], rich(tmp_path))
    assert double.jobs == {}


def test_a_base_that_together_does_not_train_is_told_before_anything(double, small):
    backend = Together(base_url=double.url, trains="other")
    with pytest.raises(UsageError, match="other"):
        backend.check(small, chosen=(), questions=(), probes=())
    backend.release()


def test_the_model_that_a_base_was_aligned_from_need_not_be_known_there(double):
    parent = Model(location=str(ORGANISM.with_name("organism_pretrained")), digest="", family="")
    backend = Together(base_url=double.url, trains=BASE)
    assert backend.resolve(parent).digest
    assert not any("models" in path for _, path in double.calls)
    backend.release()


def test_a_file_that_is_there_is_not_sent_again(backend, double, small, tmp_path):
    for number in range(2):
        backend.fine_tune([replace(small, epochs=1 + number)], rich(tmp_path / f"{number}"))
    assert sum(path.startswith("/v1/stored/") for _, path in double.calls) == 1


def test_full_fine_tuning_is_not_offered():
    assert Full.needs.isdisjoint(Together.can)


def test_what_is_kept_there_is_listed_and_removed(backend, double, small, tmp_path):
    desk = rich(tmp_path)
    backend.fine_tune([small], desk)
    double.ending = "strange"
    backend.follow_hours = 0.01
    with pytest.raises(NeedsHuman):
        backend.fine_tune([replace(small, key="other", epochs=1)], desk)
    provider = backend.provider()
    kept = provider.keeps()
    assert [one.kind for one in kept] == ["job", "model", "file"]
    assert [one.is_billed for one in kept] == [True, False, False]
    backend.clean_up(desk)
    for one in [*kept, *kept]:
        if one.kind != "job":
            provider.remove(one)
    assert provider.keeps() == []
    provider.close()
