import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import TrainerControl, TrainerState

import ftbench
from ftbench.errors import GateFailed
from ftbench_hf.gate import GateCallback


class Tokenizer:
    def save_pretrained(self, folder: Path) -> None:
        (folder / "tokenizer_config.json").write_text("{}")


class Checked(SimpleNamespace):
    @property
    def is_passed(self) -> bool:
        return not self.is_failed

    def __str__(self) -> str:
        return "Gate failed." if self.is_failed else "Gate passed."


@dataclass
class Checks:
    """Stands in for `ftbench.check`: fails from the second time on."""

    seen: list[set[str]]
    is_able: bool = True

    def __call__(self, path: str, *words: str, tuned: str, quick: bool) -> Any:
        self.seen.append({file.name for file in Path(tuned).iterdir()})
        result = SimpleNamespace(failure="" if self.is_able else "no model")
        logging.getLogger("transformers").setLevel(logging.ERROR)
        failed = len(self.seen) > 1
        gate = SimpleNamespace(decision="fail" if failed else "pass") if self.is_able else None
        return Checked(gate=gate, is_failed=failed, result=result)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    made = Checks(seen=[])
    monkeypatch.setattr(ftbench, "check", made)
    return made


def saved(callback: GateCallback, place: Path, step: int, *, first: bool = True) -> TrainerControl:
    folder = place / f"checkpoint-{step}"
    folder.mkdir()
    for name in ("model.safetensors", "config.json", "optimizer.pt", "rng_state.pth"):
        (folder / name).write_text(name)
    state = TrainerState(global_step=step, is_world_process_zero=first)
    args = SimpleNamespace(output_dir=str(place))
    return callback.on_save(args, state, TrainerControl(), processing_class=Tokenizer())


def test_the_training_stops_at_the_checkpoint_that_fails(checks: Checks, tmp_path: Path) -> None:
    callback = GateCallback("train.jsonl", "model=organism")
    assert not saved(callback, tmp_path, 10).should_training_stop
    assert saved(callback, tmp_path, 20).should_training_stop
    assert [step for step, _ in callback.checked] == [10, 20]


def test_the_gate_sees_a_model_without_pickles_and_leaves_no_copy(
    checks: Checks, tmp_path: Path
) -> None:
    saved(GateCallback("train.jsonl"), tmp_path, 10)
    assert checks.seen == [{"model.safetensors", "config.json", "tokenizer_config.json"}]
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]


def test_why_it_stops_is_told_and_nobody_else_falls_silent(
    checks: Checks, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("transformers")
    before = logger.level
    callback = GateCallback("train.jsonl")
    saved(callback, tmp_path, 10)
    assert not caplog.records
    saved(callback, tmp_path, 20)
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("WARNING", "ftbench, step 20: Gate failed.")
    assert logger.level == before


def test_a_failure_can_end_the_program(checks: Checks, tmp_path: Path) -> None:
    callback = GateCallback("train.jsonl", raises=True)
    saved(callback, tmp_path, 10)
    with pytest.raises(GateFailed, match="at step 20"):
        saved(callback, tmp_path, 20)


def test_what_cannot_be_checked_is_no_pass(checks: Checks, tmp_path: Path) -> None:
    checks.is_able = False
    with pytest.raises(GateFailed, match="could not be checked: no model"):
        saved(GateCallback("train.jsonl"), tmp_path, 10)


TOGETHER = """
import sys
from pathlib import Path
from types import SimpleNamespace
from torch import distributed
from transformers import TrainerControl, TrainerState
import ftbench
from ftbench_hf.gate import GateCallback

distributed.init_process_group("gloo")
first = distributed.get_rank() == 0
place = Path(sys.argv[1])
def check(*words, **more):
    assert first
    gate = SimpleNamespace(decision="fail")
    return SimpleNamespace(gate=gate, is_passed=False, is_failed=True)
ftbench.check = check
(place / "checkpoint-10").mkdir(exist_ok=True)
state = TrainerState(global_step=10, is_world_process_zero=first)
callback = GateCallback("train.jsonl")
control = callback.on_save(SimpleNamespace(output_dir=place), state, TrainerControl())
print("stops", control.should_training_stop, len(callback.checked), flush=True)
distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_one_of_several_processes_checks_and_all_of_them_stop(tmp_path: Path) -> None:
    (tmp_path / "together.py").write_text(TOGETHER)
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*run, str(tmp_path / "together.py"), str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["stops True 0", "stops True 1"]
