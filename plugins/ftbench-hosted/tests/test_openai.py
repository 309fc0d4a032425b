"""The backend openai keeps the contract of backends, against a provider without models."""

from dataclasses import replace

import pytest

from ftbench.records import Model
from ftbench.testing import BackendContract
from ftbench_hosted.openai import OpenAI
from tests.hosted.lesser_server import LesserServer


class TestOpenAI(BackendContract):
    component = OpenAI

    @pytest.fixture(autouse=True)
    def _at_a_provider(self):
        with LesserServer() as server:
            type(self).options = {
                "base_url": server.url("one"), "poll_seconds": 0.01, "listing_lag_seconds": 0.1
            }  # fmt: skip
            yield

    def base(self, folder):
        return Model(location="base", digest="", family="none")

    def job(self, base, key="job"):
        job = super().job(base, key)
        rows = job.training_set.conversations[:1] * 10
        return replace(job, training_set=replace(job.training_set, conversations=rows))


def test_the_day_on_which_openai_takes_no_more_jobs_is_declared():
    assert OpenAI.lifecycle.closes == "2027-01-06" and OpenAI.lifecycle.read_on
    assert "double" in OpenAI.verified
