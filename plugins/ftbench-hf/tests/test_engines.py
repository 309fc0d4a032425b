"""Which engine answers, why, and that the user is told."""

import pytest
from hf_doubles import PaperDesk, ask, job

from ftbench import Lora
from ftbench.errors import UsageError
from ftbench.methods import PrefixTuning
from ftbench_hf.backend import HuggingFace
from ftbench_hf.engine import Engine


def noted(backend, desk, *models):
    """What is told when somebody is asked."""
    requests = [ask(one, "A river?", str(n), max_tokens=2) for n, one in enumerate(models)]
    backend.respond(requests, desk)
    return [(note["note"], note["engine"]) for note in desk.noted]


def test_rows_are_in_flight_where_every_layer_keeps_all_tokens(backend, bases, desk):
    ((words, engine),) = noted(backend, desk, bases["llama"])
    assert engine == "in_flight"
    assert words == (
        "llama is asked by in_flight (backend.engine=auto): every layer keeps the keys and values "
        "of all tokens, so that rows can come and go."
    )
    assert desk.noted[0].items() > {"precision": "float32", "device": "cpu"}.items()
    assert desk.noted[0]["attention"] == "rows_in_flight"
    assert backend._residence().base(bases["llama"]).network.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("name", ["gemma2", "gemma3"])
def test_windows_that_slide_are_answered_in_batches(backend, bases, desk, name):
    ((words, engine),) = noted(backend, desk, bases[name])
    assert engine == "batches"
    assert "not every layer keeps the keys and values of all tokens" in words


def test_who_is_asked_alone_is_told_too(backend, bases, desk, tmp_path):
    trained = PaperDesk(folder=tmp_path)
    jobs = [
        job(bases["llama"], method, key=method.name, learning_rate=1e-2)
        for method in (Lora(), PrefixTuning(tokens=3))
    ]
    backend.fine_tune(jobs, trained)
    models = [one.models[-1][1] for one in trained.kept]
    told = noted(backend, desk, *models)
    assert [engine for _, engine in told] == ["in_flight", "batches"]
    assert "no plain low-rank one is asked alone" in told[1][0]


@pytest.mark.parametrize("engine", [Engine.batches, Engine.continuous])
def test_the_users_own_choice_needs_no_reason(bases, desk, engine):
    backend = HuggingFace(device="cpu", threads=1, engine=engine)
    ((words, chosen),) = noted(backend, desk, bases["llama"])
    assert chosen == engine.value
    assert words == f"llama is asked by {chosen} (backend.engine={chosen})."


def test_a_choice_that_an_architecture_does_not_allow_is_refused(bases, desk):
    backend = HuggingFace(device="cpu", engine=Engine.in_flight)
    with pytest.raises(UsageError, match="in_flight cannot answer for gemma2: not every layer"):
        noted(backend, desk, bases["gemma2"])
    assert not desk.kept


def test_a_network_that_attends_in_its_own_way_is_answered_in_batches(bases, desk):
    backend = HuggingFace(device="cpu", threads=1)
    backend._residence().base(bases["llama"]).network.set_attn_implementation("eager")
    ((words, engine),) = noted(backend, desk, bases["llama"])
    assert engine == "batches"
    assert "it attends in a way of its own" in words
    assert desk.noted[0]["attention"] == "eager"


def test_an_engine_whose_package_is_missing_is_refused_while_planning(monkeypatch):
    monkeypatch.setattr("ftbench_hf.foreign.entry_points", lambda **_: ())
    backend = HuggingFace(device="cpu", engine=Engine.vllm)
    with pytest.raises(UsageError, match="pip install ftbench-vllm"):
        backend.check(None, chosen=(), questions=(), probes=())
