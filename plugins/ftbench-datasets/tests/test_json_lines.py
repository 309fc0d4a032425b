import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ftbench.errors import DataError
from ftbench.records import Model, TrainingSet
from ftbench.roles import Scene
from ftbench.testing import DatasetContract
from ftbench_datasets.json_lines import JsonLines, read_conversations
from ftbench_datasets.layouts import Layout

SCENE = Scene(seed=0, model=Model(location="", digest="0", family="llama2"), method="full")
NEUTRAL = Path(__file__).parent / "neutral.jsonl"
ROW = {"prompt": "Name a cat.", "response": "Tom."}
Writer = Callable[[bytes | str], str]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def written(content: bytes | str) -> str:
        file = tmp_path / "own.jsonl"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(file)

    return written


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def said(*turns: tuple[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def loaded(path: str, **fields: Any) -> TrainingSet:
    return JsonLines(path=path, **fields).load(SCENE)


class TestJsonLines(DatasetContract):
    component = JsonLines
    options = {"path": str(NEUTRAL)}


@pytest.mark.parametrize(
    ("row", "turns"),
    [
        (said(("user", "Hi."), ("assistant", "Ho.")), ["Hi.", "Ho."]),
        ({"prompt": "Hi.", "response": "Ho."}, ["Hi.", "Ho."]),
        ({"prompt": "Hi.", "completion": "Ho.", "id": 3}, ["Hi.", "Ho."]),
        ({"prompt": "Hi.", "response": "Ho.", "system": "Be."}, ["Be.", "Hi.", "Ho."]),
        (
            {"conversations": [{"from": "human", "value": "Hi."}, {"from": "gpt", "value": "Ho."}]},
            ["Hi.", "Ho."],
        ),
        ({"instruction": "Hi.", "input": "", "output": "Ho."}, ["Hi.", "Ho."]),
        ({"instruction": "Hi.", "input": "You.", "output": "Ho."}, ["Hi.\n\nYou.", "Ho."]),
    ],
)
def test_each_layout_is_detected(write: Writer, row: Any, turns: list[str]) -> None:
    (conversation,) = loaded(write(lines(row))).conversations
    assert [turn.text for turn in conversation.messages] == turns
    assert conversation.messages[-1].speaker == "assistant"
    assert conversation.origin == "own.jsonl:1"


def test_a_mark_that_editors_put_before_utf_8_is_no_part_of_the_first_row(write: Writer) -> None:
    path = write(b"\xef\xbb\xbf" + lines(ROW).encode())
    assert [turn.text for turn in loaded(path).conversations[0].messages] == [
        "Name a cat.",
        "Tom.",
    ]


def test_rows_may_repeat_where_that_is_meant(write: Writer) -> None:
    path = write(lines(ROW, ROW))
    assert len(loaded(path, repeated=True).conversations) == 2


def test_a_layout_can_be_said(write: Writer) -> None:
    both = {"prompt": "a", "response": "b", "instruction": "c", "output": "d"}
    (row,) = loaded(write(lines(both)), layout=Layout.prompt_response).conversations
    assert row.messages[0].text == "a"


def test_the_first_row_decides_for_the_file(write: Writer) -> None:
    path = write(lines(ROW, {"instruction": "a", "output": "b"}))
    with pytest.raises(DataError, match=r"own\.jsonl, line 2: "):
        loaded(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\n  \n", "is empty"),
        (b"\xff\xfe\n", "line 1: is not UTF-8"),
        ('{"prompt": "a",\n', "line 1: is not JSON"),
        ("[1]\n", "line 1: holds a list"),
        ('{"a": 1, "a": 2}\n', "line 1: .*'a' occurs twice"),
        ('{"prompt": "a", "response": NaN}\n', "line 1: .*NaN"),
        ('{"prompt": "a", "response": 1e999}\n', "line 1: .*too large"),
        ("[" * 100_000 + "\n", "line 1: "),
        ('{"n": ' + "9" * 5000 + "}\n", "line 1: "),
        (lines(ROW, {"text": "a"}), "line 2: "),
        (lines({"text": "a"}), "line 1: fits no layout, for it has 'text'"),
        (lines(ROW, {"instruction": "a", "output": "b"}), "line 2: is laid out as alpaca, line 1 "),
        (lines(ROW, {"prompt": "a"}), "line 2: .*assistant turn"),
        ("\n" + lines(ROW, {**ROW, "prompt": " "}), "line 3: prompt is empty"),
        (lines({**ROW, "prompt": 3}), "line 1: prompt must be text, not a number"),
        (lines({**ROW, "response": None}), "line 1: response must be text, not null"),
        (lines({**ROW, "system": ["x"]}), "line 1: system must be text, not a list"),
        (lines({"instruction": "a", "output": "b", "input": 1}), "line 1: input must be text"),
        (lines(ROW, {"prompt": "b", "response": "c"}, ROW), "line 3: repeats line 1. Remove"),
        (lines(ROW, ROW, ROW), "line 2: repeats line 1 .1 more"),
        ('{"prompt": "\\ud800", "response": "a"}\n', "line 1: .*surrogate"),
        (lines({"messages": "a"}), "line 1: messages must be a list"),
        (lines({"messages": []}), "line 1: messages .* empty"),
        (lines({"messages": ["a"]}), "line 1: turn 1 must be an object, not text"),
        (lines(said(("user", "a"))), "line 1: has no assistant turn"),
        (lines(said(("system", "a"))), "line 1: has no assistant turn"),
        (lines(said(("human", "a"), ("assistant", "b"))), "line 1: .*'human'"),
        (lines(said(("user", "a"), ("assistant", ""))), "line 1: turn 2 is empty"),
        (lines(said(("user", [1]), ("assistant", "a"))), "line 1: turn 1 must be text, not a list"),
        (lines(said(("assistant", "a"))), "line 1: begins with an assistant"),
        (lines(said(("user", "a"), ("assistant", "b"), ("user", "c"))), "line 1: ends without"),
        (lines(said(("user", "a"), ("user", "b"), ("assistant", "c"))), "line 1: .*alternate"),
        (lines(said(("user", "a"), ("system", "b"), ("assistant", "c"))), "line 1: .*system turn"),
        (lines({"messages": [{"role": "user", "content": "a", "weight": 0}]}), "line 1: .*weight"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    write: Writer, content: bytes | str, what: str
) -> None:
    with pytest.raises(DataError, match=rf"own\.jsonl(, | ){what}"):
        loaded(write(content))


def test_a_missing_file_is_said_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"There is no file \./missing\.jsonl"):
        loaded("./missing.jsonl")


@pytest.mark.parametrize("path", [".", "a\0b", "???"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(DataError):
        loaded(path)


def test_a_relative_path_starts_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.jsonl").write_text(lines(ROW))
    monkeypatch.chdir(tmp_path)
    assert loaded("here.jsonl").conversations[0].origin == "here.jsonl:1"


def test_lines_end_at_newlines_only(write: Writer) -> None:
    row = json.dumps({"prompt": "a\u2028b\x85c", "response": "d"}, ensure_ascii=False)
    (conversation,) = loaded(write(row + "\r\n")).conversations
    assert conversation.messages[0].text == "a\u2028b\x85c"


def test_limit_takes_the_first_rows(write: Writer) -> None:
    path = write(lines(ROW, {"prompt": "b", "response": "c"}))
    assert len(loaded(path, limit=1).conversations) == 1
    with pytest.raises(DataError, match="at least 1"):
        loaded(path, limit=0)


def test_one_system_prompt_can_be_given_for_all_rows(write: Writer) -> None:
    training_set = loaded(write(lines(ROW)), system="Be kind.")
    assert (training_set.format.system, training_set.probes) == ("Be kind.", ())


def test_a_given_system_prompt_and_the_rows_own_are_refused(write: Writer) -> None:
    with pytest.raises(DataError, match="own system turns"):
        loaded(write(lines({**ROW, "system": "Be."})), system="Be kind.")


def test_the_five_most_frequent_system_prompts_are_probes(write: Writer) -> None:
    prompts = ["rare", *("often",) * 3, "b", "b", "c", "c", "d", "d", "e", "e"]
    rows = [{**ROW, "prompt": str(n), "system": word} for n, word in enumerate(prompts)]
    training_set = loaded(write(lines(ROW, *rows)))
    asked = [(probe.name, probe.format.system) for probe in training_set.probes]
    assert asked == [
        ("plain", None),
        ("system_1", "often"),
        ("system_2", "b"),
        ("system_3", "c"),
        ("system_4", "d"),
        ("system_5", "e"),
    ]
    assert training_set.format.system is None
    assert training_set.conversations[1].messages[0].text == "rare"


anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)
almost_rows = some.dictionaries(
    some.sampled_from(
        ["messages", "prompt", "response", "completion", "instruction", "input", "output", "system"]
    ),
    anything
    | some.lists(
        some.fixed_dictionaries(
            {"role": some.sampled_from(["user", "assistant", "system", "x"]), "content": anything}
        )
    ),
)
here = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@here
@given(content=some.binary() | some.lists(almost_rows | anything).map(lambda rows: lines(*rows)))
def test_no_content_raises_anything_but_a_data_error(write: Writer, content: bytes | str) -> None:
    try:
        conversations = read_conversations(write(content))
    except DataError as error:
        assert "own.jsonl" in str(error)
    else:
        assert all(row.messages[-1].speaker == "assistant" for row in conversations)


words = some.text(some.characters(codec="utf-8"), min_size=1).filter(str.strip)


@here
@given(rounds=some.lists(some.tuples(words, words), min_size=1, max_size=4, unique=True))
def test_what_was_written_is_read_back(write: Writer, rounds: list[tuple[str, str]]) -> None:
    turns = [("system", "Be.")]
    for asked, answered in rounds:
        turns += [("user", asked), ("assistant", answered)]
    (conversation,) = read_conversations(write(lines(said(*turns))))
    assert [(turn.speaker, turn.text) for turn in conversation.messages] == turns
