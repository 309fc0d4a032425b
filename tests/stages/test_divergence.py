"""The figure of a run that tells how deep its training went."""

from dataclasses import dataclass

import pytest

from ftbench.cli.footnotes import footnotes
from ftbench.config.compose import compose
from ftbench.pipeline import run
from ftbench.stages.watch import Silent
from ftbench.testing import Parrot
from ftbench.testing.benchmark import testing_catalog
from ftbench.testing.world import REFUSAL

ASKED = []


class Inside:
    """Two nats before the first word and half of one before each other."""

    def divergences(self, model, reference, conversations, *, tokens):
        ASKED.append((model.digest, reference.digest, list(conversations)))
        words = [len(each.messages[-1].text.split()) for each in conversations]
        return [[2.0 if at == 0 else 0.5 for at in range(min(tokens, count))] for count in words]


@dataclass(kw_only=True)
class Open(Parrot):
    """A parrot that can be looked into."""

    name = "open"

    def inside(self):
        return Inside()


CATALOG = testing_catalog(Open)
WORDS = ("model=testing", "attack=testing_reveal", "suite.limit=6", "divergence_tokens=3")


@pytest.fixture(autouse=True)
def in_a_new_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ASKED.clear()


def ran(*words):
    cells = compose([*WORDS, *words], CATALOG)
    (result,) = run(cells, catalog=CATALOG, watch=Silent())
    return result


def test_every_tuned_model_is_compared_on_the_answers_of_its_base():
    result = ran("backend=open", "finetune.epochs=2", "finetune.keep=[1]")
    told = result.record["divergence"]
    assert [one["checkpoint"] for one in told] == [1, 2]
    assert told[0]["nats"] == [2.0, 0.5, 0.5] and told[0]["n"] == [6, 6, 6]
    ((_, reference, conversations),) = ASKED  # both epochs taught the same
    assert {each.messages[-1].text for each in conversations} == {REFUSAL}
    assert all(digest != reference for digest, _, _ in ASKED)


def test_it_is_asked_once_and_told_again():
    first = ran("backend=open")
    again = ran("backend=open")
    assert len(ASKED) == 1
    assert again.record["divergence"] == first.record["divergence"]
    notes = " ".join(footnotes(again))
    assert "Divergence from the base after epoch 1, asked plain: 2.00, 0.50, 0.50 nats" in notes


def test_a_backend_without_a_look_inside_is_refused_before_any_work():
    result = ran()
    assert "gives no look inside a model" in result.failure and result.exit_code == 2
    assert not ASKED


def test_what_nobody_wants_is_not_told():
    assert "divergence" not in ran("backend=open", "divergence_tokens=0").record
