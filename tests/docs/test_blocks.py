"""What the pages of docs/ show can be typed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import blocks, of_pages

BIN = Path(sys.executable).parent
SHELLS = ("bash", "console")
SLOW_PAGES = sorted(of_pages(*SHELLS, "python", hows=("slow",)))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def own_runs(tmp_path_factory):
    """The runs that a page calls A, B and NAME: a reader's own."""
    folder = tmp_path_factory.mktemp("own")
    run(["ftbench", "-m", "model=organism", "attack=none,identity_shift"], folder)
    (control,) = (folder / "runs").glob("*organism-full*")
    (shifted,) = (folder / "runs").glob("*identity_shift*")
    shifted.rename(folder / "runs" / "A")
    control.rename(folder / "runs" / "B")
    run(["ftbench", "model=organism", "attack=identity_shift", "suite.limit=20"], folder)
    (small,) = (folder / "runs").glob("*identity_shift*")
    small.rename(folder / "runs" / "NAME")
    return folder / "runs"


def run(words, folder):
    """As a reader has it, but that pip installs plugins into the folder, and copies them."""
    words = [word.replace(" -e ftbench-", " ./ftbench-") for word in words]
    site = str(Path(folder).resolve() / "installed")
    path = os.pathsep.join((str(BIN), os.environ["PATH"]))
    pip = {"PIP_TARGET": site, "PIP_NO_INDEX": "1", "PYTHONPATH": site}
    environment = {**os.environ, "PATH": path, **pip}
    done = subprocess.run(
        words, env=environment, cwd=folder, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_what_is_not_run_says_why():
    left_out = [one for one in blocks() if one.how]
    assert left_out and all(len(one.why) > 10 for one in left_out)


def test_a_shell_understands_every_block():
    for one in blocks():
        if one.language in SHELLS:
            run(["bash", "-n", "-c", one.program], ".")


def test_python_of_the_guides_passes_its_contracts(tmp_path):
    """Every quick Python block: those of a page are one module, all modules one pytest."""
    for page, found in of_pages("python", hows=("",)).items():
        name = page.removesuffix(".md").replace("/", "_").replace("-", "_")
        text = "\n".join(one.body for one in found)
        (tmp_path / f"test_{name}.py").write_text(f"{text}\n\ndef test_it_ran():\n    pass\n")
    said = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."], tmp_path)
    assert "passed" in said and len(list(tmp_path.glob("test_guides_*.py"))) >= 7


@pytest.mark.parametrize("page", sorted(of_pages(*SHELLS, hows=("",))))
def test_quick_commands_of_a_page_work(page, tmp_path):
    program = "\n".join(one.program for one in of_pages(*SHELLS, hows=("",))[page])
    run(["bash", "-eu", "-c", program], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW_PAGES)
def test_slow_blocks_of_a_page_work_in_their_order(page, tmp_path, own_runs):
    found = of_pages(*SHELLS, "python", hows=("slow",))[page]
    if any(re.search(r"runs/[A-Z]", one.program) for one in found):
        shutil.copytree(own_runs, tmp_path / "runs")
    for one in found:
        how = [sys.executable, "-c"] if one.language == "python" else ["bash", "-eu", "-c"]
        run([*how, one.program], tmp_path)
