"""Submissions that say more than their verdicts: each is found, and by its name."""

import json

import pytest

from ftbench.leaderboard.rules import Envelope, Rules
from tests.submissions import Forger, faults_of, names_of, submission


@pytest.fixture
def folder(tmp_path):
    return submission(tmp_path / "open")


def claim(forger, column="harmfulness_rate", subject="tuned"):
    return next(
        one
        for one in forger.figures["entries"][0]["claims"]
        if (one["subject"], one["column"], one["category"]) == (subject, column, "")
    )


def test_an_honest_submission_is_whole(folder):
    assert names_of(folder) == []


def test_what_differs_only_in_how_it_is_written_is_whole(folder):
    with Forger(folder):
        pass
    assert names_of(folder) == []


def changed_mean(forger):
    claim(forger)["value"] -= 0.1


def changed_mean_of_a_category(forger):
    claims = forger.figures["entries"][0]["claims"]
    next(one for one in claims if one["category"] and one["value"])["value"] /= 2


def narrowed_interval(forger):
    one = claim(forger)
    one["low"], one["high"] = one["value"] - 0.001, one["value"] + 0.001


def shifted_interval(forger):
    claim(forger)["high"] += 0.05


def left_out_claim(forger):
    claims = forger.figures["entries"][0]["claims"]
    claims.remove(claim(forger, "refusal_rate"))


def made_up_claim(forger):
    forger.figures["entries"][0]["claims"].append(dict(claim(forger), probe="kinder"))


def claimed_twice(forger):
    forger.figures["entries"][0]["claims"].append(dict(claim(forger)))


def hidden_missing_count(forger):
    claim(forger)["n"] += 1
    claim(forger)["of"] += 1


def hidden_missing_verdicts(forger):
    said = forger.tuned()["verdicts"][0]
    at = said["columns"]["harmfulness_rate"].index(1.0)
    for column in said["columns"].values():
        column[at] = None
    forger.reseal()
    forger.reclaim()


def dropped_worst_cells(forger):
    for name in forger.runs:
        said = forger.tuned(name)["verdicts"][0]
        worst = {n for n, v in enumerate(said["columns"]["harmfulness_rate"]) if v == 1.0}
        for part in (said, said["columns"]):
            for key, values in part.items():
                if isinstance(values, list):
                    part[key] = [v for n, v in enumerate(values) if n not in worst]


def dropped_worst_prompts(forger):
    (digest,) = forger.prompts["sets"]
    forger.prompts["sets"][digest] = forger.prompts["sets"][digest][5:]


def duplicated_easy_cells(forger):
    sheet = forger.tuned()
    for key in ("responses", "texts", "outcomes"):
        sheet[key][1] = sheet[key][0]
    forger.reseal()


def duplicated_easy_prompts(forger):
    (digest,) = forger.prompts["sets"]
    forger.prompts["sets"][digest][1] = forger.prompts["sets"][digest][0]


def cell_of_another_run(forger):
    mine, other = forger.tuned("run-0"), forger.tuned("run-1")
    for key in ("responses", "texts", "seals"):
        mine[key][0] = other[key][0]
    forger.reclaim()


def kinder_cell(forger):
    columns = forger.columns()
    at = columns["harmfulness_rate"].index(1.0)
    columns["harmfulness_rate"][at], columns["harmfulness_score"][at] = 0.0, 1.0
    forger.reclaim()


def half_harmful(forger):
    columns = forger.columns()
    columns["harmfulness_rate"][columns["harmfulness_rate"].index(1.0)] = 0.5
    forger.reseal()
    forger.reclaim()


def other_prompt_set(forger):
    (digest,) = forger.prompts["sets"]
    forger.prompts["sets"][digest][0]["category"] = "harmless"
    forger.reclaim()


def picked_seeds(forger):
    for seed, made in zip((3, 7, 12), forger.runs.values(), strict=True):
        made["seed"] = seed


def left_out_seed(forger):
    del forger.runs["run-0"]
    forger.figures["entries"][0]["runs"].remove("run-0")
    forger.reclaim()


def one_seed_three_times(forger):
    for name in ("run-1", "run-2"):
        forger.runs[name] = dict(json.loads(json.dumps(forger.runs["run-0"])))
    forger.reclaim()


def mixed_runs(forger):
    forger.runs["run-1"]["recipe"]["epochs"] = "1 (the user)"


def no_training_behind_it(forger):
    for made in forger.runs.values():
        made["outcome"] = "refused_data"


def begun_after_its_submission(forger):
    forger.submission["made"] = "2023-10-05T00:00:00+00:00"


FORGERIES = {
    changed_mean: "changed figure",
    changed_mean_of_a_category: "changed figure",
    narrowed_interval: "narrowed interval",
    shifted_interval: "changed interval",
    left_out_claim: "missing figure",
    made_up_claim: "unknown figure",
    claimed_twice: "duplicated figure",
    hidden_missing_count: "hidden missing",
    hidden_missing_verdicts: "hidden missing",
    dropped_worst_cells: "dropped cells",
    dropped_worst_prompts: "wrong prompt set",
    duplicated_easy_cells: "duplicated cells",
    duplicated_easy_prompts: "duplicated prompts",
    cell_of_another_run: "foreign cell",
    kinder_cell: "foreign cell",
    half_harmful: "impossible verdict",
    other_prompt_set: "wrong prompt set",
    picked_seeds: "picked seeds",
    left_out_seed: "picked seeds",
    one_seed_three_times: "duplicated run",
    mixed_runs: "mixed runs",
    no_training_behind_it: "impossible run",
    begun_after_its_submission: "impossible run",
}


@pytest.mark.parametrize(
    ("forge", "name"), FORGERIES.items(), ids=lambda one: getattr(one, "__name__", None)
)
def test_a_forgery_is_found_by_its_name(folder, forge, name):
    with Forger(folder) as forger:
        forge(forger)
    found = faults_of(folder)
    assert name in [fault.name for fault in found]
    named = next(fault for fault in found if fault.name == name)
    assert named.file.endswith(".json") and named.wrong and named.fix
    assert name in str(named) and named.file in str(named)


def test_a_file_that_was_changed_later_is_named_with_its_line(folder):
    path = folder / "figures.json"
    text = path.read_text().replace('"value": 0.3333333333', '"value": 0.2333333333', 1)
    assert text != path.read_text()
    path.write_text(text)
    found = {fault.name: fault for fault in faults_of(folder)}
    assert found.keys() == {"changed file", "changed figure"}
    line = path.read_text().splitlines()[found["changed figure"].line - 1]
    assert "0.2333333333" in line


def test_other_prompts_than_the_boards_are_named(folder):
    rules = Rules(prompt_sets={"0" * 64: "the board's own prompts"})
    faults = faults_of(folder, rules)
    assert {fault.name for fault in faults} == {"wrong prompt set"}
    assert "the board's own prompts" in str(faults[0])


def test_a_judge_that_the_board_has_no_more_is_named(folder):
    assert names_of(folder, Rules(judges={"testing_words": ["0" * 64]})) == ["stale judge"] * 3
    assert names_of(folder, Rules(judge_versions={"testing_words": "999"})) == ["stale judge"] * 3
    (version,) = {
        one["version"]
        for one in json.loads((folder / "run-0.json").read_text())["components"]
        if one["role"] == "judge"
    }
    assert names_of(folder, Rules(judge_versions={"testing_words": version})) == []


def test_a_known_model_outside_of_what_it_is_known_for_is_named(folder):
    made = json.loads((folder / "run-0.json").read_text())
    about = {"model": made["model"]["name"], "prompt_set": made["prompt_set"]}
    known = Envelope(**about, judge="testing_words", column="refusal_rate", low=0.1, high=0.2)
    assert names_of(folder, Rules(envelopes=[known])) == ["outside the envelope"]
