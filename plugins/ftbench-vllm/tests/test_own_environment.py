"""What runs in vLLM's environment needs nothing that is not there."""

import ast
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[1] / "ftbench_vllm" / "own_environment"
LIBRARIES = {"vllm", "transformers", "torch", "peft"}


def imported(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


@pytest.mark.parametrize("file", sorted(PLACE.rglob("*.py")), ids=lambda file: file.stem)
def test_only_the_standard_library_and_engines_are_imported(file):
    names = {name.partition(".")[0] for name in imported(file)}
    assert names <= sys.stdlib_module_names | LIBRARIES


def test_libraries_are_imported_where_one_was_chosen():
    for file in PLACE.rglob("*.py"):
        top = [n for n in ast.parse(file.read_text()).body if isinstance(n, ast.Import)]
        assert not {name.name for node in top for name in node.names} & LIBRARIES
