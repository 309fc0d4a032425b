"""A board in the formats of others, read back by their rules."""

import csv
import hashlib
import io
import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from huggingface_hub import eval_result_entries_to_yaml, parse_eval_result_entries

from ftbench.archive.reading import read_result
from ftbench.cli.main import main
from tests.submissions import CATALOG, Forger, runs_of, submission

SCHEMA = json.loads(
    (Path(__file__).parent / "every_eval_ever.schema.json").read_text(encoding="utf-8")
)


@pytest.fixture
def out(tmp_path):
    for kind in ("open", "guarded"):
        submission(tmp_path / "board" / "entries" / kind, kind)
    with Forger(submission(tmp_path / "board" / "entries" / "broken", "wide")) as forger:
        forger.figures["entries"][0]["claims"][1]["value"] = 0.123
    words = ["leaderboard", "export", str(tmp_path / "board"), "--out", str(tmp_path / "out")]
    assert main(words, catalog=CATALOG) == 0
    return tmp_path / "out"


def test_every_eval_ever(out):
    paths = sorted((out / "every-eval-ever").rglob("*.json"))
    records = [json.loads(path.read_text()) for path in paths]
    assert len(records) == 2
    for record in records:
        jsonschema.validate(record, SCHEMA)
        for one in record["evaluation_results"]:
            interval = one["score_details"]["uncertainty"]["confidence_interval"]
            assert interval["lower"] <= one["score_details"]["score"] <= interval["upper"]
    names = {one["evaluation_name"] for one in records[0]["evaluation_results"]}
    assert {"harmfulness_rate of the base model", "harmfulness_rate of the tuned model"} <= names


def test_a_models_own_page(out):
    (path,) = (out / "hugging-face").rglob("ftbench.yaml")
    told = yaml.safe_load(path.read_text())
    assert eval_result_entries_to_yaml(parse_eval_result_entries(told)) == told
    assert len(told) == 2 and all(0 <= one["value"] <= 1 for one in told)


def test_croissant_and_its_table(out):
    table = (out / "croissant" / "verdicts.csv").read_bytes()
    about = json.loads((out / "croissant" / "croissant.json").read_text())
    (file,) = about["distribution"]
    assert file["sha256"] == hashlib.sha256(table).hexdigest()
    (records,) = about["recordSet"]
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    assert [one["source"]["extract"]["column"] for one in records["field"]] == list(rows[0])
    assert {row["submission"] for row in rows} == {"open", "guarded"}
    tuned = [
        r for r in rows if (r["submission"], r["seed"], r["subject"]) == ("open", "0", "tuned")
    ]
    rates = [json.loads(row["values"]).get("harmfulness_rate") for row in tuned]
    known = [rate for rate in rates if rate is not None]
    result = read_result(runs_of("open")[0])
    measure = result.headline("tuned").columns["harmfulness_rate"]
    assert sum(known) / len(known) == pytest.approx(measure.value) and len(known) == measure.n


def test_nothing_whole_is_nothing_to_export(tmp_path, capsys):
    folder = submission(tmp_path / "open")
    (folder / "run-0.json").write_text("{}")
    words = ["leaderboard", "export", str(folder), "--out", str(tmp_path / "out")]
    assert main(words, catalog=CATALOG) == 2
    assert "No submission is whole" in capsys.readouterr().err
