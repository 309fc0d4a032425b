"""The style that a machine can check and no linter does."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from ftbench.plugin import spec

ROOT = Path(__file__).parents[1]
LINES = 250
FUNCTION_LINES = 45
STATEMENTS = 25
PAGES = ("records.py", "roles.py", "plugin/spec.py", "pipeline.py")
"""What everybody reads first."""
PRIVATE = re.compile(r"(?<![\w.~$}/-])/(?:work|root|home|Users)/\w")
"""The beginning of a path on somebody's machine."""


def files(*patterns):
    """The files of the repository: what git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def functions(file):
    """Every function of a file, with its place."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", node


def statements(function):
    """How many statements a function holds, its docstring and inner functions' included."""
    inside = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return inside - (ast.get_docstring(function) is not None)


def test_no_file_is_long():
    long = [file for file in files("*.py") if len(file.read_text().splitlines()) > LINES]
    assert not long


def test_no_function_is_long():
    lengths = {
        place: node.end_lineno - node.lineno + 1
        for file in files("*.py")
        for place, node in functions(file)
    }
    assert not {place: length for place, length in lengths.items() if length > FUNCTION_LINES}


def test_no_function_does_much():
    counts = {place: statements(node) for file in files("*.py") for place, node in functions(file)}
    assert not {place: count for place, count in counts.items() if count > STATEMENTS}


def test_no_file_is_a_drawer():
    drawers = {"utils", "helpers", "common", "misc", "base"}
    assert not [file for file in files("*.py") if file.stem in drawers]


def test_every_module_says_what_it_is_for():
    modules = [file for file in files("*.py") if "tests" not in file.relative_to(ROOT).parts]
    assert not [file for file in modules if not ast.get_docstring(ast.parse(file.read_text()))]


def test_every_export_list_is_sorted():
    for file in files("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names = ast.literal_eval(node.value)
                assert list(names) == sorted(names), file


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_to_read_first_are_short(page):
    assert len((ROOT / "ftbench" / page).read_text().splitlines()) <= LINES


def test_no_file_names_a_path_of_somebodys_machine():
    """Text files only; weights are searched too, as bytes."""
    found = {
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in files()
        for match in PRIVATE.finditer(file.read_bytes().decode("latin-1"))
    }
    assert not found


def test_the_readme_shows_every_hook():
    readme = (ROOT / "README.md").read_text()
    rows = set(re.findall(r"^\| *`(ftbench_\w+)", readme, flags=re.MULTILINE))
    if not rows:
        pytest.skip("README.md has no table of hooks yet")
    assert rows == {name for name in vars(spec) if name.startswith("ftbench_")}


def test_every_news_fragment_has_a_name_that_says_its_kind():
    kinds = {"added", "changed", "deprecated", "fixed", "removed", "security"}
    for file in files("changelog.d/*"):
        if file.name != "README.md":
            assert file.suffix == ".md"
            assert file.stem.rpartition(".")[2] in kinds, file.name


def calls(node):
    """Every call below a node, by its dotted name."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            yield ast.unparse(each.func), each


STARTERS = re.compile(
    r"os\.(system|popen|fork\w*|spawn\w+|posix_spawn\w*|exec\w+)"
    r"|(multiprocessing\.|concurrent\.futures\.)?(Process|Pool|ProcessPoolExecutor)"
)
"""What starts a process whose output nobody looks at before it is shown."""
WORKERS = {"num_proc", "num_workers", "dataloader_num_workers", "n_jobs"}
"""Arguments by which libraries start processes of their own."""


SILENT = {"ftbench/leaderboard/examining.py"}
"""Whose processes have no terminal at all."""


def test_no_process_of_ours_prints_past_the_redaction():
    """Secrets are hidden in what Python writes; another process writes to the terminal itself."""
    wrong = []
    for file in files("ftbench/*.py", "plugins/*/ftbench_*/*.py"):
        if str(file.relative_to(ROOT)) in SILENT:
            continue
        for name, call in calls(ast.parse(file.read_text())):
            given = {keyword.arg for keyword in call.keywords}
            is_heard = "capture_output" in given or {"stdout", "stderr"} <= given
            is_started = name.startswith("subprocess.") or name == "Popen"
            if is_started and not is_heard or STARTERS.fullmatch(name) or given & WORKERS:
                wrong.append(f"{file.relative_to(ROOT)}:{call.lineno} {name}")
    assert not wrong
