"""Another process says what our own engines say; whichever library answers in it.

``transformers`` is there always, ``vllm`` where FTBENCH_VLLM_PYTHON names an environment with it.
"""

import os
import shutil
from dataclasses import replace

import pytest
import torch
from hf_doubles import PaperDesk, answers, ask, many

from ftbench_hf.backend import HuggingFace
from ftbench_hf.engine import Engine
from ftbench_hf.precision import Precision
from ftbench_vllm.engine import PYTHON, RUNNER, RUNNERS

HAS_VLLM = bool(os.environ.get(PYTHON))


@pytest.fixture(scope="module", params=reversed(RUNNERS))
def other(request):
    """A backend whose prompts go to another process."""
    if request.param == "vllm" and not HAS_VLLM:
        pytest.skip(f"no vLLM: {PYTHON} names no interpreter")
    device = "cuda" if request.param == "vllm" and torch.cuda.is_available() else "cpu"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RUNNER, request.param)
        if request.param == "transformers":
            patch.delenv(PYTHON, raising=False)
        backend = HuggingFace(device=device, precision=Precision.fp32, engine=Engine.vllm)
        backend._foreign()
        yield backend
    backend.release()


BESIDE = ("base", "wide", "narrow")


def asked(models, names, count=3, **values):
    """The same questions to several models, in one call."""
    return [
        replace(each, key=f"{each.key} to {name}")
        for name in names
        for each in many(models[name], count, max_tokens=12, **values)
    ]


@pytest.fixture(scope="module")
def said(other, models, tmp_path_factory):
    """What the base and its adapters say, and what was told about it."""
    desk = PaperDesk(folder=tmp_path_factory.mktemp("desk"))
    return answers(other, desk, asked(models, BESIDE)), desk.noted


def test_a_base_and_its_adapters_say_what_they_say_here(said, ours, models, desk):
    """Adapters of different ranks; answers that end, and those that are cut off."""
    expected = answers(ours, desk, asked(models, BESIDE))
    assert said[0] == expected
    assert {one.outcome for one in expected.values()} == {"ok", "truncated"}
    assert len({expected[f"1 to {name}"].text for name in BESIDE}) == len(BESIDE)


@pytest.mark.slow
def test_other_weights_say_what_they_say_here(other, ours, models, desk):
    requests = asked(models, ("full", "base"))
    assert answers(other, desk, requests) == answers(ours, desk, requests)


def test_who_answers_is_part_of_the_record(said):
    facts = {(note["engine"], note["version"].split()[0]) for note in said[1]}
    assert len(facts) == 1
    assert facts <= {("vllm", name) for name in RUNNERS}


def test_stop_texts_end_an_answer_as_they_do_here(other, ours, models, desk):
    whole = answers(ours, desk, asked(models, ["wide"], 2))
    text = next(one.text for one in whole.values() if one.outcome == "truncated")
    requests = asked(models, ["wide"], 2, stop=(text[4:6], "no such"))
    expected = answers(ours, desk, requests)
    assert answers(other, desk, requests) == expected != whole


def test_new_weights_in_an_old_folder_are_asked_and_not_those_before(
    other, ours, models, desk, tmp_path
):
    """Known by what it holds: a number that an engine knows an adapter by is not used again."""
    place = tmp_path / "adapter"
    for name in ("wide", "narrow", "wide"):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(models[name].location, place)
        moved = replace(models[name], location=str(place), digest=f"{models[name].digest} moved")
        models = models | {"moved": moved}
        expected = texts(answers(ours, desk, asked(models, [name], 1)))
        assert texts(answers(other, desk, asked(models, ["moved"], 1))) == expected


def texts(responses):
    return [(one.text, one.outcome) for one in responses.values()]


def test_likelihoods_are_told_beside_it(other, ours, models, desk):
    """What the other process cannot do is done here, after it has made room."""
    requests = [
        *asked(models, ["base"], 1),
        ask(models["narrow"], "Which colour has the sea?", "rated", continuation="Blue"),
    ]
    found, expected = answers(other, desk, requests), answers(ours, desk, requests)
    assert found["rated"].logprob == pytest.approx(expected["rated"].logprob, abs=1e-4)
    assert found == {**expected, "rated": found["rated"]}
    assert other._engine._worker is None
