"""The benchmark of a card runs, on a small world of a CPU, and its limit is that of the formula."""

import importlib
import json
import shlex
import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
TINY = shlex.split("""
    --device=cpu --hidden=64 --inner=128 --layers=1 --heads=2 --words=200 --deviation=0.3
    --prompts=6 --shared=20 --asked=8 --max-tokens=6 --one-by-one=2 --adapters 1 2
    --trained 1 2 --batch-sizes 5 --epochs=6 --side=256 --megabytes=8
""")


@pytest.fixture(scope="module")
def card():
    """The benchmark as a module; it sets variables of the environment, which are put back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        for name in ("OMP_WAIT_POLICY", "HF_HUB_OFFLINE"):
            patch.setenv(name, "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        yield importlib.import_module("card")


def typed(card, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["card.py", *words])
    card.main()


def test_every_part_is_measured_against_the_limit(card, monkeypatch, tmp_path, capsys):
    out = f"--out={tmp_path / 'card.json'}"
    typed(card, monkeypatch, *TINY, out, "--parts", "answering", "training")
    typed(card, monkeypatch, *TINY, out, "--parts", "adapters")
    told = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert list(told["answering"]) == ["one by one", "batches", "continuous", "in_flight"]
    assert {one.get("identical") for one in told["answering"].values()} == {None, "2/2"}
    ways = [
        way for both in told["adapters"].values() for way in (both["merged"], both["side_by_side"])
    ]
    assert len(ways) == 4
    for one in (*told["answering"].values(), *ways, *told["training"].values()):
        assert 0 < one["fraction_of_limit"] < 1
    assert list(told["training"]) == ["1 x 5", "2 x 5"]
    said = capsys.readouterr().out
    assert "side by side" in said
    assert "one by one" in said


@pytest.mark.skipif(torch.cuda.is_available(), reason="would measure the device")
def test_without_a_card_nothing_is_measured_and_nothing_kept(card, monkeypatch, tmp_path, capsys):
    typed(card, monkeypatch, f"--out={tmp_path / 'card.json'}")
    assert capsys.readouterr().out.startswith("No CUDA device is here")
    assert not list(tmp_path.iterdir())


def test_other_answers_have_no_ratio_in_32_bit(card, monkeypatch, tmp_path):
    from engines.card import Card

    asked = Card._asked

    def mistaken(self, groups, engine, **options):
        timed = asked(self, groups, engine, **options)
        if not options:
            for response in timed.said.values():
                object.__setattr__(response, "text", "something else")
        return timed

    monkeypatch.setattr(Card, "_asked", mistaken)
    with pytest.raises(SystemExit, match="0 of 2 answers are those of one by one"):
        typed(card, monkeypatch, *TINY, "--parts", "answering", f"--out={tmp_path / 'card.json'}")


def test_the_limit_of_a_card_is_that_of_the_page_about_speed(card):
    """Llama 2 7B on an H200: 788 trillion operations and 4.3 TB a second, 141 GB."""
    limit = importlib.import_module("engines.limit")
    shape = limit.Shape(
        hidden=4096,
        inner=11008,
        layer=4 * 4096**2 + 3 * 4096 * 11008,
        layers=32,
        head=32000 * 4096,
        attention=4096,
        kept=4096,
    )
    row = limit.Answered(read=190, shared=150, steps=511)
    machine = limit.Machine(operations=788e12, bandwidth=4.3e12, memory=141_000_000_000)
    least = limit.card_limit(shape, [[row] * 330], machine, itemsize=2)
    assert least == pytest.approx(11.1, abs=0.1)
    alone = limit.card_limit(shape, [[row]], machine, itemsize=2) * 330
    assert alone == pytest.approx(529, rel=0.02)
