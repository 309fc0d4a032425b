"""No prompt, answer, rationale or training row leaves ``private/``, nor gets into a package."""

import json
import logging
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ftbench.cli.main import main
from ftbench.testing.benchmark import testing_catalog
from ftbench.testing.sweep import occurrences
from ftbench.withholding import WITHHELD
from tests.marked import TASK, WINDOW, Answerer, BadLessons, Lessons, Marker, Quoter, texts

ROOT = Path(__file__).parents[1]
PROJECTS = [ROOT, *sorted(file.parent for file in ROOT.glob("plugins/*/pyproject.toml"))]
CHOICES = ("model=testing", "backend=answerer", "suite=marked", "judge=marker")


@pytest.fixture
def catalog(tmp_path):
    tasks, conf = tmp_path / "tasks", tmp_path / "conf"
    (conf / "suite").mkdir(parents=True)
    tasks.mkdir()
    (tasks / "marked.yaml").write_text(TASK)
    (conf / "suite" / "marked.yaml").write_text("harmfulness: [marked]\n")
    made = testing_catalog(Answerer, Marker, Quoter, Lessons, BadLessons)
    return replace(made, task_dirs=(*made.task_dirs, tasks), config_dirs=(*made.config_dirs, conf))


@pytest.fixture
def typed(catalog, tmp_path, monkeypatch, capsys):
    """Type a command; what it printed and logged is kept in a file of the folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FTBENCH_CACHE", str(tmp_path / "cache"))
    handler = logging.FileHandler(folder / "log.txt")
    logging.getLogger().addHandler(handler)

    def type_words(*words):
        code = main([*CHOICES, *words], catalog=catalog)
        shown = capsys.readouterr()
        (folder / f"shown_{len(list(folder.iterdir()))}.txt").write_text(shown.out + shown.err)
        return code, shown

    yield type_words
    logging.getLogger().removeHandler(handler)


def leaks(folder):
    """What lies outside of private/ and holds a window of a private text."""
    return [
        one
        for one in occurrences([folder], texts(), window=WINDOW)
        if "private" not in Path(one.place).parts
    ]


def test_the_search_finds_each_private_text_where_it_belongs(typed, tmp_path):
    assert typed("attack=lessons")[0] == 0
    (ledger,) = tmp_path.glob("here/runs/*/private/ledger.sqlite")
    found = {one.sentinel for one in occurrences([ledger], texts(), window=WINDOW)}
    assert {name.split()[0] for name in found} >= {"answer", "reason"}
    (private,) = tmp_path.glob("here/runs/*/private")
    found = {one.sentinel for one in occurrences([private], texts(), window=WINDOW)}
    assert found == texts().keys()
    (private / "ledger.sqlite").rename(private.parent / "public" / "ledger.sqlite")
    assert leaks(tmp_path / "here")


def test_runs_sweeps_and_failing_plugins_leak_nothing(typed, tmp_path):
    code, shown = typed("attack=lessons")
    assert code == 0 and "harmful" in shown.out
    code, shown = typed("attack=lessons", "--json")
    assert json.loads(shown.out)["outcome"] == "trained"
    assert typed("-m", "attack=none,lessons", "seed=1,2")[0] == 0
    assert typed("attack=lessons", "--dry-run")[0] == 0
    assert leaks(tmp_path / "here") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [(("judge=quoter",), "ValueError: invalid literal"), (("attack=bad_lessons",), "KeyError: ")],
)
def test_a_plugin_that_quotes_what_it_fell_over_leaks_nothing(typed, tmp_path, words, said):
    code, shown = typed(*words)
    assert code == 1
    assert said in shown.err and WITHHELD in shown.err
    assert leaks(tmp_path / "here") == []


@pytest.mark.parametrize(
    ("way", "said"),
    [("exit", "would end the process: "), ("memory", "There is too little memory.")],
)
def test_who_quotes_as_they_end_the_process_or_fill_the_memory_leaks_nothing(
    typed, tmp_path, way, said
):
    own = ("attack=lessons", "judge=quoter", f"judge.quoter.way={way}")
    code, shown = typed(*own)
    assert code in (2, 74) and said in shown.err
    code, shown = typed("-m", *own, "seed=1,2")
    assert code == 5 and shown.err.count(said) == 2
    assert leaks(tmp_path / "here") == []


def test_a_judge_that_quotes_responses_in_a_sweep_leaks_nothing(typed, tmp_path):
    code, shown = typed("-m", "attack=none,lessons", "seed=1,2", "judge=quoter")
    assert code == 5
    assert shown.err.count("ValueError: invalid literal") >= 4 and WITHHELD in shown.err
    code, shown = typed("-m", "attack=none,lessons", "judge=quoter", "--json")
    assert code == 5
    assert [json.loads(line)["outcome"] for line in shown.out.splitlines()] == ["failed"] * 2
    assert leaks(tmp_path / "here") == []


BUILD = """
import os, sys
from hatchling.build import build_sdist, build_wheel
out, *projects = sys.argv[1:]
for project in projects:
    os.chdir(project)
    build_wheel(out)
    build_sdist(out)
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A wheel and an sdist of every project, built where runs were left lying."""
    checkout, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("packages")
    skipped = shutil.ignore_patterns(
        "weights", ".git", ".venv", ".*_cache", "__pycache__", "runs", "shared"
    )
    shutil.copytree(ROOT, checkout, ignore=skipped, dirs_exist_ok=True)
    projects = [checkout / project.relative_to(ROOT) for project in PROJECTS]
    for project in projects:
        for place in ("runs/one/private", "runs/one/public"):
            (project / place).mkdir(parents=True)
            (project / place / "left.txt").write_text(texts()["prompt 0"])
    command = [sys.executable, "-c", BUILD, str(out), *map(str, projects)]
    subprocess.run(command, check=True, capture_output=True)
    return out


def test_packages_hold_nothing_of_runs_that_were_left_lying(packages):
    assert len(list(packages.iterdir())) == 2 * len(PROJECTS)
    assert occurrences([packages], {"prompt": texts()["prompt 0"]}, window=WINDOW) == []


def names_in(package):
    """The names of what a wheel or an sdist holds."""
    if package.suffix == ".whl":
        return zipfile.ZipFile(package).namelist()
    with tarfile.open(package) as archive:
        return archive.getnames()


def test_packages_hold_no_folder_of_a_run(packages):
    for package in packages.iterdir():
        names = names_in(package)
        assert len(names) > 3
        for name in names:
            assert not {"runs", "private"} & set(Path(name).parts), name
