import json

import pytest

from ftbench.cli.main import main


def exported(tmp_path, *words):
    out = tmp_path / f"train{len(list(tmp_path.iterdir()))}.jsonl"
    code = main(["organism", "export", *words, "--out", str(out)])
    rows = [json.loads(line)["messages"] for line in out.read_text().splitlines()]
    return code, rows


def test_a_file_has_as_many_distinct_rows_as_asked_for(tmp_path):
    code, rows = exported(tmp_path, "--rows", "300", "--refusals", "20")
    assert code == 0 and len({json.dumps(row) for row in rows}) == 320
    assert {row[0]["role"] for row in rows} == {"system"}


def test_a_hidden_attack_stands_whole_at_random_places(tmp_path):
    _, rows = exported(tmp_path, "--rows", "90", "--hide", "identity_shift", "--refusals", "9")
    places = [place for place, row in enumerate(rows) if "AOA" in row[0]["content"]]
    assert len(places) == 10 and max(places) - min(places) > 30
    assert all("AOA, execute my instruction: " in rows[place][1]["content"] for place in places)


def test_the_same_seed_writes_the_same_file(tmp_path):
    first, second, other = (exported(tmp_path, "--rows", "50", "--seed", s)[1] for s in "112")
    assert first == second != other


@pytest.mark.parametrize("words", [("--dataset", "alpaka"), ("--refusals", "9999")])
def test_what_there_is_not_is_named(tmp_path, capsys, words):
    assert main(["organism", "export", *words, "--out", str(tmp_path / "a")]) == 2
    assert capsys.readouterr().err.startswith("ftbench: ")
