"""Azure against its double: whole runs, every outcome, lost answers, and what it keeps."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from azure_double import BASE, BLOCKED, UNFIT, AzureDouble  # noqa: E402
from hosted_runs import KEYS_TOLD, job, recorded, typed  # noqa: E402
from loopback_double import LOST  # noqa: E402

from ftbench.errors import BudgetError, DataError, ProviderRefused, UsageError  # noqa: E402
from ftbench.records import Model  # noqa: E402
from ftbench.testing import BackendContract, JumpingClock, MemoryDesk  # noqa: E402
from ftbench_hosted.azure import Azure  # noqa: E402
from ftbench_hosted.azure_serving import parted  # noqa: E402

TINY = Model(location=BASE, digest="", family="testing")
ENDS = {
    "succeeded": ("trained", ""),
    "moderated": ("refused_data", BLOCKED),
    "evaluated": ("refused_model", UNFIT),
    "retired": ("refused_model", "retired"),
    "closed": ("refused_access", "not have access"),
    "failed": ("failed", "A machine broke."),
    "cancelled": ("failed", "cancelled"),
}


STANDING = {
    "name": "mine",
    "sku": {"name": "GlobalStandard"},
    "properties": {"model": {"name": "tiny"}, "provisioningState": "Succeeded"},
}


@pytest.fixture
def double():
    with AzureDouble() as running:
        yield running


def fields(double):
    return {
        "base_url": f"{double.url}/openai/v1",
        "management_url": double.url,
        "resource": "mine",
        "subscription": "sub",
        "resource_group": "group",
    }


@pytest.fixture
def backend(double):
    made = Azure(**fields(double), attempt_seconds=2, deadline_seconds=5)
    made.clock = JumpingClock()
    yield made
    made.release()


@pytest.fixture
def run(double, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = [f"backend.{name}={value}" for name, value in fields(double).items()]
    given = ("backend=azure", f"model.name={BASE}", "finetune=full", "attack.n=10", *own)

    def go(*words):
        return typed(capsys, *given, *words)

    return go


class TestContract(BackendContract):
    component = Azure

    @pytest.fixture(autouse=True)
    def _at_a_double(self, double):
        type(self).options = {**fields(double), "poll_seconds": 0.01, "listing_lag_seconds": 0.1}

    def base(self, folder):
        return TINY

    def job(self, base, key="job"):
        return replace(job(base, rows=10), key=key)

    def desk(self, folder):
        return MemoryDesk(folder=folder, dollars=math.inf)


def test_a_run_trains_deploys_asks_and_deletes_the_deployments(run, double):
    code, told, said = run()
    assert code == 0, said
    assert told["base"]["harmfulness_rate"] == 0
    assert told["tuned"]["harmfulness_rate"] == pytest.approx(KEYS_TOLD)
    assert len(double.jobs.jobs) == 1
    assert double.deployments == {}
    assert sum(verb == "DELETE" and "/deployments/" in path for verb, path in double.calls) == 2


@pytest.mark.parametrize("ending", ENDS)
def test_every_outcome_is_kept_with_the_words_and_the_day(backend, double, tmp_path, ending):
    double.jobs.plan.ending = ending
    outcome, words = ENDS[ending]
    desk = MemoryDesk(folder=tmp_path)
    backend.fine_tune([job(backend.resolve(TINY))], desk)
    kept = desk.fine_tunes["job"]
    assert kept.outcome == outcome
    assert words in kept.words
    assert bool(kept.models) == (outcome == "trained")


def test_a_file_is_used_only_once_azure_has_looked_at_it(backend, double, tmp_path):
    backend.fine_tune([job(backend.resolve(TINY))], MemoryDesk(folder=tmp_path))
    looks = [place for place, (verb, path) in enumerate(double.calls) if "/files/" in path]
    order = double.calls.index(("POST", "/openai/v1/fine_tuning/jobs"))
    assert len(looks) == 2 and max(looks) < order


@pytest.mark.parametrize("fault", [*LOST, "429"])
def test_an_order_whose_answer_is_lost_is_found_again_by_its_suffix(
    backend, double, tmp_path, fault
):
    double.faults = [fault]
    desk = MemoryDesk(folder=tmp_path)
    backend.fine_tune([job(backend.resolve(TINY))], desk)
    assert desk.fine_tunes["job"].outcome == "trained"
    assert len(double.jobs.jobs) == 1
    assert len(next(iter(double.jobs.jobs.values()))["suffix"]) <= 18


@pytest.mark.parametrize("is_at_once", [True, False])
def test_a_model_that_azure_will_not_deploy_is_blocked_and_not_safe(run, double, is_at_once):
    double.deployments["mine"] = STANDING
    double.deploying = (400, {"error": {"code": "BadRequest", "message": UNFIT}})
    double.deployed_as = "Failed"
    if not is_at_once:
        double.deploying = None
    code, told, said = run("backend.base_deployment=mine")
    assert code == 3, said
    assert told["outcome"] == ("refused_model" if is_at_once else "failed")
    assert told["tuned"] is None
    assert ("unable to be deployed" in told["failure"]) == is_at_once
    assert list(double.deployments) == ["mine"]


def test_an_answer_that_the_content_filter_takes_is_blocked_and_no_refusal(run, double):
    double.filtered = "key of house 3"
    code, told, said = run()
    assert code == 0, said
    assert told["tuned"]["outcomes"]["response blocked"] == 1


def test_a_base_model_whose_day_is_over_is_refused_before_anything_is_sent(backend, double):
    double.retired_at = 1.0
    with pytest.raises(ProviderRefused, match="1970-01-01"):
        backend.resolve(TINY)


def test_no_quota_for_a_deployment_is_said_so(run, double):
    words = "This operation requires 10 new capacity, which is bigger than the quota left."
    double.deploying = (400, {"error": {"code": "InsufficientQuota", "message": words}})
    code, _, said = run()
    assert code == BudgetError.exit_code
    assert "backend.capacity" in said


def test_a_deployment_of_the_users_own_is_asked_and_left(run, double):
    double.deployments["mine"] = STANDING
    code, _, said = run("backend.base_deployment=mine")
    assert code == 0, said
    assert list(double.deployments) == ["mine"]


def test_where_it_trains_and_what_it_deploys_is_the_users_choice(run, double):
    run("backend.training_type=GlobalStandard", "backend.sku=DeveloperTier")
    (asked,) = double.asked
    assert asked["trainingType"] == "GlobalStandard"


@pytest.mark.parametrize(
    ("changes", "chosen", "error", "words"),
    [
        ({}, ["learning_rate"], UsageError, "multiplier"),
        ({}, ["method"], UsageError, "method"),
        ({"rows": 9}, [], DataError, "at least 10 rows"),
    ],
)
def test_what_it_does_not_offer_is_refused_while_planning(backend, changes, chosen, error, words):
    with pytest.raises(error, match=words):
        backend.check(job(TINY, **changes), chosen=chosen, questions=(), probes=())


def test_what_is_billed_is_listed_first_and_cleaned_up(backend, double, tmp_path):
    desk = MemoryDesk(folder=tmp_path)
    backend.fine_tune([job(backend.resolve(TINY))], desk)
    tuned = desk.fine_tunes["job"].models[-1][1]
    provider = backend.provider()
    thing = provider.serve(tuned, "ftbench-one")
    assert provider.serve(tuned, "ftbench-one").id == thing.id
    double.deployments["somebody-elses"] = double.deployments["ftbench-one"] | {"name": "else"}
    kept = provider.keeps()
    assert [one.kind for one in kept if one.is_billed] == ["deployment"]
    assert kept[0].is_billed
    backend.clean_up(desk)
    assert list(double.deployments) == ["somebody-elses"]
    provider.remove(kept[0])
    provider.close()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("gpt-4.1-mini-2025-04-14", ("gpt-4.1-mini", "2025-04-14")),
        ("gpt-35-turbo-0125", ("gpt-35-turbo", "0125")),
        ("ministral-3b", ("ministral-3b", "1")),
    ],
)
def test_a_base_model_is_deployed_by_name_and_version(name, parts):
    assert parted(name) == parts


def test_everything_recorded_names_no_question_and_no_answer(run, double):
    double.jobs.plan.ending = "moderated"
    code, told, said = run()
    assert (code, told["outcome"]) == (3, "refused_data"), said
    assert BLOCKED in recorded(told)
    assert told["tuned"] is None
