import pytest

from ftbench.errors import StorageError, UsageError
from ftbench.ledger.shared.place import opened_place, shared_address
from ftbench.ledger.shared.units import SharedUnits
from tests.s3 import BUCKET
from tests.shared_world import (
    responses,
    units_at,
)


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIA1234567890ABCDEF:wordsofsecret@bucket/prefix",
        "sftp://somebody:wordsofsecret@host/folder",
        "https://host/folder?token=wordsofsecret",
        "simplecache::s3://bucket/wordsofsecret",
        "s3://[wordsofsecret/",
    ],
)
def test_an_address_with_a_secret_in_it_is_refused_and_not_repeated(address, monkeypatch):
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", address)
    with pytest.raises(UsageError, match="FTBENCH_SHARED_CACHE") as refused:
        shared_address()
    assert "wordsofsecret" not in str(refused.value)


@pytest.mark.parametrize("address", ["nosuchprotocol://place", "s3://"])
def test_an_address_that_nobody_can_read_is_the_users_mistake(address):
    with pytest.raises(UsageError, match="FTBENCH_SHARED_CACHE"):
        opened_place(address)


def test_a_place_that_is_not_there_is_one_sentence_without_credentials(
    tmp_path, monkeypatch, server
):
    with pytest.raises(StorageError, match="is no folder. Mount or make it"):
        opened_place(str(tmp_path / "not mounted"))
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StorageError, match="cannot be read: .*bucket does not exist") as refused:
        opened_place("s3://nowhere/prefix")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match="cannot be read: .*unset FTBENCH_SHARED_CACHE") as down:
        opened_place(f"s3://{BUCKET}/prefix")
    for error in (refused, down):
        assert server["AWS_SECRET_ACCESS_KEY"] not in str(error.value)


def test_a_place_of_another_version_is_refused(tmp_path):
    opened_place(str(tmp_path))
    (tmp_path / "ftbench-shared-cache").write_text("2")
    with pytest.raises(StorageError, match="another version of ftbench"):
        opened_place(str(tmp_path))


def test_any_address_of_fsspec_will_do():
    place = opened_place("memory://team/prefix")
    SharedUnits(place).add(responses(), made_by="run")
    assert units_at(opened_place("memory://team/prefix")) == responses()
