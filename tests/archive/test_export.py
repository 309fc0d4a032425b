import csv
import shutil

import pytest

from ftbench.archive.export import Format, export
from ftbench.archive.opening import LOCK
from ftbench.errors import Busy, StorageError
from ftbench.ledger.lock import RunLock
from tests.finished_run import sql


def files(folder, *below):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in below
        for path in (folder / part).rglob("*")
        if path.is_file()
    }


def test_what_is_deleted_is_rebuilt_byte_for_byte(folder):
    before = files(folder, "public", "private/lm_eval")
    shutil.rmtree(folder / "public")
    shutil.rmtree(folder / "private" / "lm_eval")
    (folder / "private" / "config.yaml").unlink()
    assert len(export(folder)) == 11
    assert files(folder, "public", "private/lm_eval") == before


def test_what_goes_elsewhere_keeps_responses_private(folder, tmp_path):
    out = tmp_path / "out"
    export(folder, out=out, formats=list(Format))
    assert files(out, "public", "private/lm_eval").keys() == (
        files(folder, "public", "private/lm_eval").keys() | {"public/verdicts.parquet"}
    )
    assert (out / "private").stat().st_mode & 0o777 == 0o700
    for name, content in files(out, "public").items():
        assert b"cannot help" not in content and b"Where is" not in content, name


def test_only_what_was_asked_for_is_written(folder, tmp_path):
    (path,) = export(folder, out=tmp_path / "out", formats=[Format.csv])
    assert path.name == "verdicts.csv"
    assert list(files(tmp_path / "out", ".")) == ["public/verdicts.csv"]


def test_parquet_says_what_the_csv_says(folder):
    from pyarrow import parquet

    (path,) = export(folder, formats=[Format.parquet])
    rows = parquet.read_table(path).to_pylist()
    with (folder / "public" / "verdicts.csv").open() as file:
        expected = [
            row | {"checkpoint": int(row["checkpoint"] or 0)} for row in csv.DictReader(file)
        ]
    assert [row | {"checkpoint": row["checkpoint"] or 0} for row in rows] == expected
    assert len(rows) == 24


def test_a_damaged_ledger_is_not_exported(folder):
    sql(folder, "UPDATE units SET payload = replace(payload, 'ok', 'no')")
    with pytest.raises(StorageError, match="damaged"):
        export(folder)


def test_a_run_that_is_not_finished_is_not_exported(folder):
    sql(folder, "DELETE FROM facts WHERE name = 'judges'")
    with pytest.raises(StorageError, match="not finished: its ledger says nothing of its judges"):
        export(folder)


def test_a_run_that_is_being_written_is_left_alone(folder, tmp_path):
    lock = RunLock(folder / LOCK)
    with pytest.raises(Busy):
        export(folder)
    assert export(folder, out=tmp_path / "out")
    lock.release()
