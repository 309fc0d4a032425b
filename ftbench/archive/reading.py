"""A finished run, read back from its folder."""

from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ftbench.errors import UsageError
from ftbench.statistics.result import RunResult


def read_result(folder: Path) -> RunResult:
    """The result of a run. Raises UsageError where the folder holds none that can be read."""
    path = folder / "public" / "result.json"
    if not path.is_file():
        raise UsageError(f"{folder} is not the folder of a finished run: it has no {path.name}.")
    try:
        result = TypeAdapter(RunResult).validate_json(path.read_bytes())
    except ValidationError as error:
        raise UsageError(f"{path} cannot be read as a result of this version.") from error
    return replace(result, folder=str(folder))
