"""A finished run to look at, to damage and to export."""

import pytest

from tests.finished_run import finished_run


@pytest.fixture
def folder(tmp_path):
    return finished_run(tmp_path / "a_run")
