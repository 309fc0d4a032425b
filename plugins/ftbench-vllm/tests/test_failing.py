"""A process that does not do its part: one sentence, and nothing lost that was answered."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hf_doubles import answers, many

from ftbench.errors import UsageError
from ftbench_hf.backend import HuggingFace
from ftbench_hf.engine import Engine
from ftbench_hf.foreign import EngineFailed, Wanted
from ftbench_vllm.engine import PYTHON, RUNNER
from ftbench_vllm.worker import _MODULE, _PLACE, Worker

PLAYED = """
import json, sys, time
say = lambda line: print(json.dumps(line), flush=True)
heard = lambda: json.loads(sys.stdin.readline())
start = heard()["start"]
print(json.dumps(start), file=open({starts!r}, "a"))
{begins}
say({{"ready": "played 1"}})
while True:
    for place, question in enumerate(heard()["ask"]):
        tokens = [question["prompt"][-1]] * question["max_new_tokens"]
        answer = {{"id": question["id"], "tokens": tokens, "reason": "length"}}
        {answers}
        say(answer)
    say({{"done": 1}})
"""
"""A worker without a library, which says the last token of a prompt again and again."""


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Makes a backend whose interpreter plays a part."""

    def make(*, begins="", answers="pass"):
        starts = str(tmp_path / "starts")
        program = tmp_path / "program.py"
        program.write_text(PLAYED.format(begins=begins, answers=answers, starts=starts))
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\nexec {sys.executable} -S {program}\n")
        python.chmod(0o755)
        monkeypatch.delenv(RUNNER, raising=False)
        return HuggingFace(device="cpu", engine=Engine.vllm, vllm_python=str(python))

    return make


def starts(tmp_path):
    return [json.loads(line) for line in (tmp_path / "starts").read_text().splitlines()]


FAULTS = {
    "it never starts": ({"begins": "sys.exit('no such library')"}, "no such library", 0),
    "it starts as another": ({"begins": "say({'go': 1})"}, "did not start as it should", 0),
    "it says why": ({"begins": "say({'error': 'Full: no room.'})"}, "start: Full: no room. ", 0),
    "it dies": ({"answers": "if place == 2: sys.exit('killed')"}, "3 answers to go: killed", 2),
    "it says what is no JSON": ({"answers": "if place == 2: print('{', flush=True)"}, "no line", 2),
    "it answers what nobody asked": ({"answers": "answer['id'] += '?' * (place > 1)"}, "no ans", 2),
    "it answers twice": ({"answers": "say(answer)"}, "no answer to any of 4", 1),
    "it answers with no tokens": ({"answers": "answer['tokens'] = ['one']"}, "no answer to any", 0),
    "it leaves in the middle": ({"answers": "tokens.pop()"}, "with nothing that ends it", 0),
    "it stops too early": ({"answers": "if place == 4: break"}, "no answer to any of 1 ", 4),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_is_said_and_what_was_answered_is_kept(played, models, desk, ours, fault):
    part, words, kept = FAULTS[fault]
    requests = many(models["base"], 5, max_tokens=4)
    with pytest.raises(EngineFailed, match=words) as raised:
        played(**part).respond(requests, desk)
    assert raised.value.exit_code == 74
    assert "\n" not in str(raised.value)
    assert len(desk.kept) == kept
    done = {response.key for response in desk.kept}
    ours.respond([each for each in requests if each.key not in done], desk)
    assert len({response.key for response in desk.kept}) == 5


def test_silence_ends(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 60\n")
    python.chmod(0o755)
    with pytest.raises(EngineFailed, match="vllm did not start: it was silent for 0 s"):
        Worker(python, {}, device="cpu", name="vllm", patience_seconds=0.2)


def test_an_interpreter_that_is_not_there_is_refused_before_any_work(models, desk, tmp_path):
    backend = HuggingFace(device="cpu", engine=Engine.vllm, vllm_python=str(tmp_path / "none"))
    nothing = {"chosen": (), "questions": (), "probes": ()}
    for refused in (
        lambda: backend.check(None, **nothing),
        lambda: backend.respond(many(models["base"], 1), desk),
    ):
        with pytest.raises(UsageError, match="There is no interpreter"):
            refused()


def test_without_any_interpreter_one_is_told_how_to_make_one(models, desk, monkeypatch):
    monkeypatch.delenv(PYTHON, raising=False)
    monkeypatch.delenv(RUNNER, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install vllm.*backend.vllm_python="):
        HuggingFace(device="cpu", engine=Engine.vllm).respond(many(models["base"], 1), desk)


def test_one_process_stays_until_other_weights_or_more_room_are_wanted(
    played, models, desk, tmp_path
):
    backend = played()
    answers(backend, desk, many(models["base"], 2))
    answers(backend, desk, many(models["base"], 1))
    assert len(starts(tmp_path)) == 1
    answers(backend, desk, many(models["full"], 1))
    answers(backend, desk, many(models["wide"], 1))
    again = replace(models["wide"], digest="other content")
    answers(backend, desk, many(again, 1))
    rest = [
        replace(one, key=f"{one.key} {n}")
        for n, model in enumerate((models["wide"], models["narrow"]))
        for one in many(model, 1)
    ]
    answers(backend, desk, rest)
    found = [(one["model"], one["rank"], one["adapters"]) for one in starts(tmp_path)]
    base, full = models["base"].location, models["full"].location
    assert found == [(base, 0, 0), (full, 0, 0), (base, 8, 1), (base, 8, 2)]
    fitted = {(one["room"], one["memory"], one["dtype"]) for one in starts(tmp_path)}
    assert fitted == {(256, 0.3, "float32")}, "no more room than the model reads"
    backend.release()


def test_what_is_free_is_asked_once_the_process_before_has_left(played, models):
    """Otherwise another base would be given what is left beside the one before."""
    engine = played()._foreign()
    there = []

    def free():
        there.append(engine._worker)
        return 0.5

    for name in ("base", "full"):
        wanted = Wanted(
            folder=Path(models[name].location),
            digest=models[name].digest,
            dtype="float32",
            device="cpu",
            adapters=(),
            room=256,
            memory=free,
        )
        engine.begin(wanted)
    assert there == [None, None]
    engine.close()


def test_who_asks_to_stop_ends_the_process_too(played, models, desk):
    backend = played()
    desk.stop_after = 2
    backend.respond(many(models["base"], 5), desk)
    assert len(desk.kept) == 2
    assert backend._engine._worker is None


def test_training_has_the_device_to_itself(played, models, desk):
    backend = played()
    answers(backend, desk, many(models["base"], 1))
    assert backend._engine._worker is not None
    backend.fine_tune([], desk)
    assert backend._engine._worker is None


def test_a_process_that_nobody_asks_any_more_ends(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", _MODULE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"PYTHONPATH": str(_PLACE)},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
