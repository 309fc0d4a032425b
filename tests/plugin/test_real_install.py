"""A stranger's package, installed and removed by pip itself."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.plugin.outside import ATTACK, BACKEND, look

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{package}"
version = "3.1"
dependencies = ["ftbench>=0.1"]

[project.entry-points.ftbench]
{module} = "{module}"

[tool.hatch.build.targets.wheel]
only-include = ["{module}.py"]
"""


def write_project(folder: Path, package: str, source: str) -> Path:
    """A package outside the repository, as its author would keep it."""
    module = package.replace("-", "_")
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT.format(package=package, module=module))
    (folder / f"{module}.py").write_text(source)
    return folder


def pip(site: Path, *words: str) -> None:
    """Call the pip of this interpreter, for the packages of ``site``."""
    command = [sys.executable, "-m", "pip", "--python", str(site), *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.slow
def test_pip_brings_a_strangers_components_and_takes_them_away(tmp_path):
    venv.create(tmp_path / "site", with_pip=False)
    (installed,) = (tmp_path / "site" / "lib").glob("python*/site-packages")
    for package, source in (("outside-attack", ATTACK), ("outside-backend", BACKEND)):
        project = write_project(tmp_path / package, package, source)
        subprocess.run([sys.executable, "-m", "hatchling", "build"], cwd=project, check=True)
        (wheel,) = (project / "dist").glob("*.whl")
        pip(tmp_path / "site", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    seen = look(installed)
    assert seen.versions["attack mine"] == "outside-attack 3.1"
    assert seen.versions["backend echo"] == "outside-backend 3.1"
    pip(tmp_path / "site", "uninstall", "--yes", "outside-attack")
    assert "mine" not in look(installed).names["attack"]
