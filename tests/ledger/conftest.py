import pytest

from ftbench.ledger.shared.place import opened_place
from tests.s3 import BUCKET, s3_server


@pytest.fixture(scope="module")
def server():
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["folder", "s3"])
def place(request, tmp_path, monkeypatch):
    """Somewhere that machines share: a folder, then S3 as it is on this machine."""
    if request.param == "folder":
        (tmp_path / "shared").mkdir()
        return opened_place(str(tmp_path / "shared"))
    for name, value in request.getfixturevalue("server").items():
        monkeypatch.setenv(name, value)
    return opened_place(f"s3://{BUCKET}/{tmp_path.name}")
