"""What the wheel holds: the package with conf/ and tasks/ inside, and nothing else."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(file.parent for file in ROOT.glob("plugins/*/pyproject.toml"))


def wheel_of(project, folder):
    """Build a project with the build tool that is installed."""
    program = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", program, str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    with wheel_of(ROOT, tmp_path_factory.mktemp("wheel")) as archive:
        yield archive


def data_files(folder):
    """The files of a data folder that belong in the wheel."""
    return {
        f"{folder}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


@pytest.mark.parametrize("folder", ["conf", "tasks"])
def test_configs_and_tasks_travel_inside(wheel, folder):
    wanted = {f"ftbench/_data/{name}" for name in data_files(folder)}
    assert wanted
    assert wanted <= set(wheel.namelist())


def test_it_holds_the_package_and_nothing_beside(wheel):
    assert {name.partition("/")[0] for name in wheel.namelist()} == {
        "ftbench",
        "ftbench-0.1.0.dist-info",
    }


def test_no_tests_and_nothing_private_travel(wheel):
    for name in wheel.namelist():
        parts = set(Path(name).parts)
        assert not parts & {"tests", "private", "runs", ".venv", "__pycache__"}, name


def test_its_types_its_licence_and_its_command_travel(wheel):
    names = set(wheel.namelist())
    assert "ftbench/py.typed" in names
    assert "ftbench-0.1.0.dist-info/licenses/LICENSE" in names
    scripts = wheel.read("ftbench-0.1.0.dist-info/entry_points.txt").decode()
    assert "ftbench = ftbench.cli.main:entry" in scripts


def test_a_wheel_that_is_unpacked_finds_its_configs(wheel, tmp_path):
    wheel.extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from ftbench import locations as found; "
        "print(found.CONF_DIR); print(found.TASKS_DIR)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    conf, tasks = map(Path, done.stdout.split())
    assert conf == tmp_path / "ftbench/_data/conf" and (conf / "run.yaml").is_file()
    assert tasks == tmp_path / "ftbench/_data/tasks" and tasks.is_dir()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_a_plugins_wheel_holds_its_package_and_its_data(plugin, tmp_path):
    launchers = plugin / "hydra_plugins"  # found by where they lie, and not by an entry point
    source = {
        path.relative_to(plugin).as_posix()
        for package in (plugin / plugin.name.replace("-", "_"), launchers)
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with wheel_of(plugin, tmp_path) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert held == source
        points = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        declared = "".join(archive.read(name).decode() for name in points)
        assert "[ftbench" in declared or launchers.is_dir()
        about = next(name for name in archive.namelist() if name.endswith("METADATA"))
        metadata = Parser().parsestr(archive.read(about).decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert any(line.startswith("ftbench") for line in metadata.get_all("Requires-Dist"))
