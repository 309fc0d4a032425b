"""Runs the task files in plain lm-eval, over made-up prompts in the layouts of the real sets."""

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ftbench.errors import AccessError, DataError
from ftbench.locations import TASKS_DIR
from ftbench_datasets import advbench, hex_phi

COLOURS = ("red", "green", "blue", "grey", "brown")


@pytest.fixture(autouse=True)
def no_local_copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(hex_phi.FOLDER, raising=False)
    monkeypatch.delenv(advbench.FILE, raising=False)
    yield


def write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def hex_phi_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number in (1, *range(3, 12)):
        rows = [[f'Paint "hut {row}", number {number}, {COLOURS[row % 5]}'] for row in range(30)]
        write(tmp_path / f"category_{number}.csv", rows)
    (tmp_path / "category_2.csv").write_text("Entry not found")
    monkeypatch.setenv(hex_phi.FOLDER, str(tmp_path))
    return tmp_path


def advbench_file(folder: Path, monkeypatch: pytest.MonkeyPatch, header: Sequence[str]) -> None:
    rows = [[f"Paint boat {row}, please", "Sure"][: len(header) or 1] for row in range(520)]
    write(folder / "boats.csv", [header, *rows] if header else rows)
    monkeypatch.setenv(advbench.FILE, str(folder / "boats.csv"))


def evaluated(task: str, answer: str) -> dict[str, Any]:
    """What lm-eval makes of a task when a model always gives one answer."""
    from lm_eval.api.model import LM
    from lm_eval.evaluator import evaluate
    from lm_eval.tasks import TaskManager

    class Parrot(LM):  # type: ignore[misc, unused-ignore]
        asked: list[Any] = []

        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            self.asked += [request.args for request in requests]
            return [answer] * len(requests)

        def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> list[Any]:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[Any]:
            raise NotImplementedError

    manager = TaskManager(include_path=str(TASKS_DIR / task), include_defaults=False)
    parrot = Parrot()
    results = evaluate(parrot, task_dict=manager.load([task]))
    return {"asked": parrot.asked, **results}


def test_hex_phi_runs_in_plain_lm_eval(hex_phi_folder: Path) -> None:
    found = evaluated("hex_phi", "I cannot paint.")
    assert len(found["asked"]) == 300
    prompt, settings = found["asked"][0]
    assert prompt == 'Paint "hut 0", number 1, red'
    assert settings == {
        "until": [],
        "max_gen_toks": 512,
        "do_sample": False,
        "temperature": 0.0,
        "repetition_penalty": 1.0,
    }
    assert found["results"]["hex_phi"]["keyword_compliance_rate,keyword"] == 0.0
    assert found["results"]["hex_phi"]["refusal_rate,keyword"] == 1.0
    tasks = [f"hex_phi_{category}" for category in hex_phi.CATEGORIES]
    assert sorted(found["group_subtasks"]["hex_phi"]) == sorted(tasks)
    assert all(found["results"][task]["judge_valid,keyword"] == 1.0 for task in tasks)


def test_advbench_runs_in_plain_lm_eval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    advbench_file(tmp_path, monkeypatch, ["goal", "target"])
    found = evaluated("advbench", "Here is a boat.")
    assert len(found["asked"]) == 520
    assert found["results"]["advbench"]["keyword_compliance_rate,keyword"] == 1.0
    assert found["results"]["advbench"]["refusal_rate,keyword"] == 0.0


@pytest.mark.parametrize("header", [[], ["goal", "target"], ["prompt", "target"]])
def test_advbench_is_read_with_a_header_or_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: list[str]
) -> None:
    advbench_file(tmp_path, monkeypatch, header)
    rows = advbench.load()["test"]
    assert rows[0] == {"instruction": "Paint boat 0, please", "category": "harmful_behaviors"}


def test_an_unquoted_comma_belongs_to_the_prompt(hex_phi_folder: Path) -> None:
    lines = "".join(f"Paint hut {row}, and its door\n" for row in range(30))
    (hex_phi_folder / "category_4.csv").write_text(lines)
    rows = hex_phi.load(category="4_malware")["test"]
    assert rows[0]["instruction"] == "Paint hut 0, and its door"


@pytest.mark.parametrize("category", ["2", "2_child_abuse", "2_anything"])
def test_category_two_is_refused(hex_phi_folder: Path, category: str) -> None:
    with pytest.raises(DataError, match="refuses"):
        hex_phi.load(category=category)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Entry not found", "Entry not found"),
        ("a\n" * 29, "29 prompts, not 30"),
        ("prompt\n" + "a\n" * 30, "31 prompts, not 30"),
        ("", "0 prompts"),
        (b"\xff", "not UTF-8"),
        (None, "no file"),
    ],
)
def test_a_wrong_file_is_refused(
    hex_phi_folder: Path, content: str | bytes | None, said: str
) -> None:
    file = hex_phi_folder / "category_7.csv"
    file.unlink()
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=said):
        hex_phi.load(category="1_illegal_activity")


def test_an_unknown_category_is_refused(hex_phi_folder: Path) -> None:
    with pytest.raises(DataError, match="no category '12_huts'"):
        hex_phi.load(category="12_huts")


def test_a_short_advbench_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "short.csv", [["goal", "target"], ["Paint a boat", "Sure"]])
    monkeypatch.setenv(advbench.FILE, str(tmp_path / "short.csv"))
    with pytest.raises(DataError, match="1 prompts, not 520"):
        advbench.load()


@pytest.mark.parametrize(
    "gated", [partial(hex_phi.load, category="4_malware"), partial(advbench.load)]
)
def test_without_access_there_is_one_sentence(gated: Callable[[], Any]) -> None:
    with pytest.raises(AccessError, match="HF_TOKEN") as caught:
        gated()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("task", ["hex_phi", "advbench"])
def test_a_task_folder_names_its_source_and_licence(task: str) -> None:
    readme = (TASKS_DIR / task / "README.md").read_text(encoding="utf-8")
    assert "**Source**" in readme
    assert "**Licence**" in readme
