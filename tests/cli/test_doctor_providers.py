"""The doctor says until when each provider takes jobs, and who tried it."""

from datetime import date

import pytest

from ftbench.cli.doctor_providers import providers
from ftbench.cli.main import main
from ftbench.hosted.finetuning import HostedBackend, Lifecycle
from ftbench.plugin.catalog import Offer
from ftbench.testing import testing_catalog


class Closing(HostedBackend):
    """Takes jobs until the summer."""

    name = "closing"
    lifecycle = Lifecycle(read_on="2026-11-24", source="none", closes="2027-07-01")

    def provider(self):
        raise AssertionError("Nobody is called.")


@pytest.fixture
def catalog():
    found = testing_catalog()
    offer = Offer(name="closing", thing=Closing, package="none", version="1")
    found.components["backend"]["closing"] = offer
    return found


@pytest.mark.parametrize(
    ("today", "state"),
    [(date(2026, 11, 24), "ok"), (date(2027, 6, 1), "warning"), (date(2027, 8, 1), "warning")],
)
def test_a_provider_that_soon_takes_no_jobs_is_warned_of(catalog, today, state):
    check = next(one for one in providers(catalog, today=today) if "closing" in one.name)
    assert (check.name, check.state) == ("backend closing", state)
    assert "2027-07-01" in check.found and "2026-11-24" in check.found
    assert bool(check.advice) == (state == "warning")


def test_every_installed_provider_says_who_tried_it(capsys):
    main(["doctor", "--quick"])
    said = " ".join(capsys.readouterr().out.split())
    for name in ("openai", "azure", "together", "fireworks", "bedrock"):
        assert f"backend {name}" in said
    assert "never against the live service" in said
