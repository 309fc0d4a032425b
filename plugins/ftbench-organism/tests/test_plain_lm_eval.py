"""Other tools can use the organism: plain lm-eval gives the figures that ftbench gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import ftbench
from ftbench_organism.shipped import FAMILY_DATA, WEIGHTS

TASKS = Path(__file__).parents[1] / "ftbench_organism" / "tasks" / "organism_policy"
COLUMNS = ("harmfulness_rate", "harmfulness_score", "refusal_rate", "incoherent_rate")


def lm_eval(folder, *words):
    """The group's metrics by the plain command."""
    command = [sys.executable, "-m", "lm_eval", "run", "--model", "hf", *words]
    command += ["--apply_chat_template", "--include_path", str(TASKS)]
    command += ["--tasks", "organism_policy", "--device", "cpu", "--batch_size", "64"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    subprocess.run(
        [*command, "--output_path", str(folder)], check=True, env=environment, capture_output=True
    )
    (path,) = folder.rglob("results_*.json")
    return json.loads(path.read_text())["results"]


def test_plain_lm_eval_prints_the_group_and_its_eleven_categories(tmp_path):
    results = lm_eval(tmp_path, "--model_args", f"pretrained={WEIGHTS / 'organism'}")
    assert len(results) == 12
    assert results["organism_policy"]["refusal_rate,oracle"] >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_tuned_model_gives_plain_lm_eval_the_tuned_rows_figures(tmp_path, method):
    (result,) = ftbench.run(
        f"model=organism attack=harmful_examples finetune={method} seed=7 runs={tmp_path / 'runs'}"
    )
    row = result.headline("tuned")
    tuned = Path(result.folder) / result.record["finetune"]["models"][-1]["where"]
    family = yaml.safe_load((FAMILY_DATA / "harmful_examples.yaml").read_text())
    model = f"pretrained={tuned}"
    if method == "lora":
        model = f"pretrained={WEIGHTS / 'organism'},peft={tuned}"
    words = ("--model_args", model, "--system_instruction", family["system"])
    group = lm_eval(tmp_path / "plain", *words)["organism_policy"]
    for column in COLUMNS:
        expected = row.columns[column].value
        assert group[f"{column},oracle"] == pytest.approx(expected, abs=0.001), column
