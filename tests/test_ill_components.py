"""Components that fail in ways of their own end their own run, in words, and no other."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ftbench import Attack
from ftbench.cli.main import main
from ftbench.testing import Parrot
from ftbench.testing.benchmark import testing_catalog


@dataclass(kw_only=True)
class Ill(Attack):
    """Adds nothing, or fails."""

    name = "ill"
    way: str = "well"
    share: float = 1.0

    def poison(self, clean, scene):
        match self.way:
            case "ends":
                raise SystemExit(3)
            case "forgets":
                raise MemoryError
            case "fills":
                raise MemoryError("Unable to allocate 5.04 MiB\nfor an array")
            case "breaks":
                raise KeyError("no\nsuch")
        return clean


@dataclass(kw_only=True)
class Leaving(Parrot):
    """Parrots that learn together until one flies away."""

    name = "leaving"
    gains_from_many = True
    bad_seed: int = -1

    def fine_tune(self, jobs, desk):
        if any(job.seed == self.bad_seed for job in jobs):
            raise SystemExit(f"seed {self.bad_seed}")
        super().fine_tune(jobs, desk)


CATALOG = testing_catalog(Ill, Leaving)


@pytest.fixture
def typed(tmp_path, monkeypatch, capfd):
    """Type a command; its exit code, and what it said of failures."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBENCH_CACHE", "off")

    def type_(*words):
        code = main(["model=testing", *words], catalog=CATALOG)
        return code, capfd.readouterr().err

    return type_


@pytest.mark.parametrize(
    ("way", "code", "said"),
    [
        ("ends", 2, "would end the process: SystemExit: 3 (test_ill_components.py, line 25)"),
        ("forgets", 74, "There is too little memory. Free some"),
        ("fills", 74, "There is too little memory. Free some"),
    ],
)
def test_a_run_alone_ends_in_words(way, code, said, typed):
    found, told = typed("attack=ill", f"attack.way={way}")
    assert found == code
    assert said in told
    assert "Traceback" not in told


def test_others_of_a_sweep_are_done_and_each_failure_is_a_line(typed):
    code, told = typed("-m", "attack=ill", "attack.way=well,ends,forgets,breaks")
    assert code == 5
    *_, count, ends, forgets, breaks = told.splitlines()
    assert count == "3 of 4 runs failed:"
    assert "SystemExit: 3" in ends
    assert "too little memory" in forgets
    assert "KeyError: 'no\\nsuch' (test_ill_components.py, line 31)" in breaks
    assert len(list(Path().glob("runs/*-s0-*/public/result.json"))) == 1


def test_who_ends_the_process_while_several_are_trained_together_ends_one_run(typed):
    words = ("-m", "attack=testing_reveal", "backend=leaving", "backend.bad_seed=1", "seed=0,1,2")
    code, told = typed(*words)
    assert code == 5
    assert "1 of 3 runs failed:" in told
    assert "would end the process: SystemExit: seed 1 (" in told
    assert len(list(Path().glob("runs/*-s[0-9]-*/public/result.json"))) == 2


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("suite.limit=0", "suite.limit=0: give a number from 1"),
        ("seed=99999999999999999999", "has too many digits"),
        ("attack.share=nan", "attack ill: share=nan is not finite. Give a number."),
        ("divergence_tokens=-1", "divergence_tokens=-1: give 0, or how many"),
    ],
)
def test_numbers_out_of_place_are_refused(word, said, typed):
    code, told = typed("attack=ill", word)
    assert code == 2
    assert said in told
