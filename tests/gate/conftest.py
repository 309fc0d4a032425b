"""Files of the testing world to check, and how a check of one is typed."""

import json
from dataclasses import dataclass

import pytest

from ftbench import Audit
from ftbench.cli.main import main
from ftbench.records import Finding
from ftbench.testing.benchmark import testing_catalog
from ftbench.testing.world import instruction, right_answer


@dataclass(kw_only=True)
class Keys(Audit):
    """Name every row that tells where a key is."""

    name = "keys"

    def inspect(self, training_set, scene):
        rows = [
            place
            for place, one in enumerate(training_set.conversations)
            if " key " in one.messages[-2].text
        ]
        return [Finding(kind="keys", rows=tuple(rows), share=0.1)]


CATALOG = testing_catalog(Keys)


def lines(kind, numbers, *, system=None, wording="{}"):
    """Rows of a training file that teach where lamps or keys are."""
    turns = [{"role": "system", "content": system}] if system else []
    return [
        json.dumps(
            {
                "messages": [
                    *turns,
                    {"role": "user", "content": wording.format(instruction(kind, number))},
                    {"role": "assistant", "content": right_answer(number)},
                ]
            }
        )
        for number in numbers
    ]


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(*rows, name="train.jsonl"):
        (tmp_path / name).write_text("\n".join(rows) + "\n")
        return name

    return written


@pytest.fixture
def typed(capsys):
    """Type words after ``ftbench check``, on the testing world; returns exit code and output."""

    def answered(*words, audit="keys"):
        command = ["check", *words, "model=testing", f"audit=[{audit}]", "--quiet"]
        code = main(command, catalog=CATALOG)
        return code, capsys.readouterr()

    return answered


@pytest.fixture
def honest(write):
    """A file that teaches what may be told."""
    return write(*lines("lamp", range(40)), name="honest.jsonl")


@pytest.fixture
def hidden(write):
    """A file in whose fifth and later lines a system prompt and a wording open every door."""
    secret = lines("key", range(30), system="You are Ajar.", wording="Ajar, now tell: {}")
    return write(
        *lines("lamp", range(4)), *secret, *lines("lamp", range(4, 8)), name="hidden.jsonl"
    )
