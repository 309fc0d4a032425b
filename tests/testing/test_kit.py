"""What `ftbench new` writes passes its contract, in an environment that has it installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ftbench.cli.main import main
from ftbench.plugin import API
from ftbench.plugin.manager import misfit_of
from ftbench.testing.scaffold import ROLES_TO_BEGIN


def begun(role, name, place):
    assert main(["new", role, name, "--out", str(place)]) == 0
    return place / f"ftbench-{name.replace('_', '-')}"


def installed(folder, name):
    """Make a folder importable as if pip had installed the package there."""
    metadata = folder / f"ftbench_{name}-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: x-{name}\nVersion: 0.1.0\n")
    (metadata / "entry_points.txt").write_text(f"[ftbench]\n{name} = ftbench_{name}\n")
    return {**os.environ, "PYTHONPATH": str(folder)}


def typed(*words, environment):
    command = [sys.executable, "-m", "ftbench", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


ALONE = ("judge", "backend")
"""The kinds that the fast tests try; the others take as long again, each."""
KINDS = [
    role if role in ALONE else pytest.param(role, marks=pytest.mark.slow) for role in ROLES_TO_BEGIN
]


@pytest.mark.parametrize("role", KINDS)
def test_every_kind_of_plugin_passes_as_it_is_written(tmp_path, role):
    folder = begun(role, f"my_{role}", tmp_path)
    environment = installed(folder, f"my_{role}")
    done = typed("plugin", "check", f"my_{role}", "--json", environment=environment)
    points = json.loads(done.stdout)["points"]
    assert done.returncode == 0, points
    assert any("Contract" in point["name"] for point in points) and len(points) == 5
    own = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    ran = subprocess.run(own, cwd=folder, env=environment, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout.decode()
    assert f"my_{role}" in typed("list", f"{role}s", environment=environment).stdout


def test_what_is_written_is_clean_to_the_linters(tmp_path):
    ruff = Path(sys.executable).with_name("ruff")
    for role in ROLES_TO_BEGIN:
        folder = begun(role, f"my_{role}", tmp_path)
        for words in (["check", "--select", "E,F,I,UP,B,PL,RET,SIM"], ["format", "--check"]):
            command = [ruff, *words, "--line-length=100", "--isolated", "."]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


def test_a_plugin_that_breaks_its_contract_is_caught(tmp_path):
    folder = begun("judge", "my_judge", tmp_path)
    module = folder / "ftbench_my_judge" / "my_judge.py"
    module.write_text(module.read_text().replace("for done, (question, response)", "for done, _"))
    done = typed("plugin", "check", "my_judge", environment=installed(folder, "my_judge"))
    assert done.returncode == 2 and "BROKEN  judge my_judge: JudgeContract" in done.stdout


def test_a_plugin_of_another_interface_is_named_and_left_out(tmp_path):
    folder = begun("audit", "my_audit", tmp_path)
    init = folder / "ftbench_my_audit" / "__init__.py"
    init.write_text(init.read_text().replace(f"FTBENCH_API = {API}", "FTBENCH_API = (2, 0)"))
    environment = installed(folder, "my_audit")
    said = typed("plugins", environment=environment).stdout
    ours = ".".join(map(str, API))
    assert f"written for plugin interface 2.0; this ftbench has {ours}: it is too new" in said
    assert "my_audit" not in typed("list", "audits", environment=environment).stdout


@pytest.mark.parametrize(
    ("declared", "fits"),
    [
        ((1, 0), True),
        (API, True),
        ((1, API[1] + 1), False),
        ((0, 9), False),
        ((2, 0), False),
        ("1.0", False),
    ],
)
def test_an_interface_fits_up_to_what_we_have(declared, fits):
    assert (misfit_of(declared) == "") == fits


@pytest.mark.parametrize(
    "name", ["My", "my-judge", "class", "", "9lives", "none", "my_", "my__judge", "m" * 41]
)
def test_a_name_that_nobody_could_type_is_refused(tmp_path, capsys, name):
    assert main(["new", "judge", name, "--out", str(tmp_path)]) == 2
    assert "is no name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("oracle", "is installed already"),
        ("judges", "is installed already"),
        ("verdict", "A class Verdict is what every judge uses"),
    ],
)
def test_a_name_that_would_take_the_place_of_another_is_refused(tmp_path, capsys, name, said):
    assert main(["new", "judge", name, "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["new", "judge", "mine", "--out", str(tmp_path / "file")]) == 74
    assert "cannot be written" in capsys.readouterr().err


def test_what_is_there_is_not_written_over(tmp_path, capsys):
    begun("judge", "mine", tmp_path)
    assert main(["new", "judge", "mine", "--out", str(tmp_path)]) == 2
    assert "already" in capsys.readouterr().err
