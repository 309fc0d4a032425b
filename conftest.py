"""What every test of the repository shares: tests of a GPU wait for a machine that has one."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked ``gpu`` where PyTorch finds no CUDA device."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not _has_gpu():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True)
def a_cache_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test finds what another, or the user, has finished."""
    monkeypatch.delenv("FTBENCH_SHARED_CACHE", raising=False)
    monkeypatch.setenv("FTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


def _has_gpu() -> bool:
    import torch  # noqa: PLC0415, slow to import

    return torch.cuda.is_available()
