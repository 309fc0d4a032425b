"""The public verdict table as Parquet, for people with many runs."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.stages.derived import VERDICT_COLUMNS, verdict_rows
from ftbench.stages.tally import Tally

from .damage import Damage

if TYPE_CHECKING:
    import pyarrow  # type: ignore[import-untyped]

PARQUET = "public/verdicts.parquet"
_WRITER = re.compile(rb"parquet-cpp-arrow version [0-9.]+")
_REMEDY = "`ftbench export --format parquet` writes it anew from the ledger."


def parquet_bytes(counted: Tally) -> bytes:
    """The verdict table as one Parquet file, each page with a checksum."""
    from pyarrow import parquet  # noqa: PLC0415, slow to import

    content = io.BytesIO()
    parquet.write_table(_table(counted), content, write_page_checksum=True)
    return content.getvalue()


def parquet_damage(folder: Path, counted: Tally) -> list[Damage]:
    """What is wrong with the Parquet file of a run, where it has one."""
    path = folder / PARQUET
    if not path.is_file():
        return []
    try:
        content = path.read_bytes()
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
        return [Damage(file=PARQUET, wrong=wrong, remedy=_REMEDY)]
    if content == (expected := parquet_bytes(counted)):
        return []
    if _WRITER.findall(content) != _WRITER.findall(expected) and _says(content, counted):
        return []
    return [Damage(file=PARQUET, wrong="is not what the ledger says", remedy=_REMEDY)]


def _says(content: bytes, counted: Tally) -> bool:
    """Whether a file of another version of pyarrow, which writes other bytes, says the same."""
    import pyarrow  # noqa: PLC0415, slow to import
    from pyarrow import parquet  # noqa: PLC0415, slow to import

    try:
        read = parquet.read_table(pyarrow.BufferReader(content), page_checksum_verification=True)
        return bool(read.equals(_table(counted)))
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError):
        return False


def _table(counted: Tally) -> pyarrow.Table:
    """Texts as in the CSV, the checkpoint as a number."""
    import pyarrow  # noqa: PLC0415, slow to import

    columns: dict[str, list[str]] = {name: [] for name in VERDICT_COLUMNS}
    for row in verdict_rows(counted):
        for name, value in zip(VERDICT_COLUMNS, row, strict=True):
            columns[name].append(value)
    arrays = {name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()}
    epochs = [int(epoch) if epoch else None for epoch in columns["checkpoint"]]
    return pyarrow.table(arrays | {"checkpoint": pyarrow.array(epochs, pyarrow.int64())})
