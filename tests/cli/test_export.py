import pytest

from ftbench.cli.main import main
from tests.finished_run import finished_run


@pytest.fixture
def folder(tmp_path):
    return finished_run(tmp_path / "a_run")


def test_the_files_that_were_written_are_named(folder, capsys):
    (folder / "public" / "result.json").unlink()
    assert main(["export", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11 and lines[-1] == str(folder / "public" / "result.json")


def test_formats_can_be_chosen(folder, tmp_path, capsys):
    words = ["export", str(folder), "--out", str(tmp_path / "out"), "--format", "csv,parquet"]
    assert main(words) == 0
    names = [line.rpartition("/")[2] for line in capsys.readouterr().out.splitlines()]
    assert names == ["verdicts.csv", "verdicts.parquet"]


def test_a_format_that_does_not_exist_is_answered_with_those_that_do(folder, capsys):
    assert main(["export", str(folder), "--format", "parket"]) == 2
    assert "Did you mean 'parquet'?" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_told_so(tmp_path, capsys):
    assert main(["export", str(tmp_path)]) == 2
    assert "not the folder of a run" in capsys.readouterr().err
