import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CI = ROOT / "ci" / "gate"
STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys
pathlib.Path("words.json").write_text(json.dumps(sys.argv[1:]))
print(json.dumps({{"gate": {{"decision": os.environ["DECISION"]}}}}))
sys.exit(6 if os.environ["DECISION"] == "fail" else 0)
"""


def step():
    """The shell of the action's own step."""
    action = yaml.safe_load((CI / "action.yaml").read_text())
    return action, action["runs"]["steps"][1]


@pytest.mark.parametrize(("decision", "code"), [("pass", 0), ("warn", 0), ("fail", 6)])
def test_the_action_ends_as_the_gate_does_and_tells_its_decision(tmp_path, decision, code):
    (tmp_path / "ftbench").write_text(STAND_IN)
    (tmp_path / "ftbench").chmod(0o755)
    given = {"FILE": "my train.jsonl", "WORDS": "model=organism gate.alpha=0.01", "TUNED": "m"}
    given |= {"BASELINE": "", "QUICK": "true", "DECISION": decision}
    outputs = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    path = os.pathsep.join((str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-e", "-c", step()[1]["run"]], cwd=tmp_path, check=False,
        env={**os.environ, **given, **outputs, "PATH": path},
    )  # fmt: skip
    assert done.returncode == code
    assert (tmp_path / "GITHUB_OUTPUT").read_text() == f"decision={decision}\n"
    words = json.loads((tmp_path / "words.json").read_text())
    assert words[:4] == ["check", "my train.jsonl", "model=organism", "gate.alpha=0.01"]
    assert words[-3:] == ["--tuned", "m", "--quick"]


def test_no_input_of_the_action_is_part_of_its_shell():
    action, _ = step()
    shells = [each for each in action["runs"]["steps"] if "run" in each]
    assert len(shells) == 2
    for each in shells:
        assert "${{" not in each["run"]
        given = ("${{ inputs.", "${{ github.action_path }}")
        assert all(value.startswith(given) for value in each["env"].values())


PIP = """#!/bin/sh
[ "$1" = -c ] && exit 1
echo "$PIP_EXTRA_INDEX_URL"
printf '%s\\n' "$@"
"""


def test_without_a_name_the_checkout_itself_is_installed(tmp_path):
    (tmp_path / "python").write_text(PIP)
    (tmp_path / "python").chmod(0o755)
    install = step()[0]["runs"]["steps"][0]["run"]
    path = os.pathsep.join((str(tmp_path), "/usr/bin", "/bin"))
    given = {"INSTALL": "", "HERE": str(CI), "PATH": path}
    said = subprocess.check_output(["bash", "-e", "-c", install], text=True, env=given)
    folders = [Path(word) for word in said.splitlines() if word.startswith(str(ROOT))]
    assert all(folder.exists() for folder in folders)
    named = {folder.name for folder in folders if folder.parent.name == "plugins"}
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert named == set(extra["standard"])


def test_the_options_of_the_templates_are_those_of_the_command():
    command = [sys.executable, "-m", "ftbench", "check", "--help"]
    known = subprocess.check_output(command, text=True)
    gitlab = yaml.safe_load((CI / "gitlab.yaml").read_text())[".ftbench_gate"]["script"][1]
    options = set(re.findall(r"--[a-z][a-z-]+", gitlab + step()[1]["run"]))
    assert len(options) > 5
    assert all(option in known for option in options)
