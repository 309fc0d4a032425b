"""Imports point down the floors only, and start-up stays quick."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest


def _module(plugin):
    return plugin.name.replace("-", "_")


ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PLUGINS = sorted(file.parent for file in ROOT.glob("plugins/*/pyproject.toml"))
LAUNCHERS = [plugin for plugin in PLUGINS if (plugin / "hydra_plugins").is_dir()]
"""Hydra wants them in its own namespace, where they import Hydra and nothing of ours."""
PACKAGES = ["ftbench", *(_module(p) for p in PLUGINS if (p / _module(p)).is_dir())]
CONTRACTS = PROJECT["importlinter"]["contracts"]


def imports_kept(*, cwd):
    """Whether import-linter is content with the tree in a folder, and what it says."""
    program = "import sys; from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", program, "--no-cache"]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_every_import_points_down():
    done = imports_kept(cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("records.py", "import ftbench.roles"),
        ("plugin/spec.py", "import ftbench.config"),
        ("stages/prepare.py", "import ftbench.cli"),
        ("stages/prepare.py", "import torch"),
        ("config/schema.py", "import lm_eval"),
        ("upstairs.py", "import ftbench.records"),
    ],
)
def test_an_import_that_points_up_is_caught(tmp_path, module, line):
    for file in (ROOT / "ftbench").rglob("*.py"):
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text())
    with (tmp_path / "ftbench" / module).open("a") as file:
        file.write(f"\n{line}\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    done = imports_kept(cwd=tmp_path)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout or "Missing layer" in done.stdout or "upstairs" in done.stdout


def test_every_plugin_is_checked():
    assert PROJECT["importlinter"]["root_packages"] == PACKAGES
    assert PROJECT["mypy"]["packages"] == PACKAGES
    public = next(contract for contract in CONTRACTS if contract["name"].startswith("Plugins"))
    assert public["source_modules"] == PACKAGES[1:]
    core = next(contract for contract in CONTRACTS if contract["name"].startswith("The core"))
    assert set(PACKAGES[1:]) < set(core["forbidden_modules"])
    assert PROJECT["mypy"]["modules"] == [
        f"hydra_plugins.{_module(plugin)}" for plugin in LAUNCHERS
    ]


def test_what_is_not_public_is_closed_to_plugins():
    open_to_plugins = {"errors", "hosted", "methods", "records", "roles", "testing"}
    public = next(contract for contract in CONTRACTS if contract["name"].startswith("Plugins"))
    closed = {name.removeprefix("ftbench.") for name in public["forbidden_modules"]}
    modules = {path.stem for path in (ROOT / "ftbench").iterdir() if path.suffix in ("", ".py")}
    assert modules - {"__init__", "__main__", "__pycache__", "_data"} <= open_to_plugins | closed


@pytest.mark.parametrize("words", [["list", "attacks"], ["plugins"], ["--help"], []])
def test_plain_commands_import_nothing_slow(words):
    heavy = "{'torch', 'transformers', 'peft', 'lm_eval', 'datasets', 'scipy', 'hydra'}"
    program = (
        f"import atexit, sys; sys.argv = ['ftbench', *{words}]; "
        f"atexit.register(lambda: print('SLOW', *{heavy} & {{*sys.modules}})); "
        "import runpy; runpy.run_module('ftbench', run_name='__main__')"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "SLOW"
