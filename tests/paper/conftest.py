"""Tiny models of real architectures, as the tests of the plugin hf have them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "plugins/ftbench-hf/tests"))

from hf_doubles import PaperDesk, make_model  # noqa: E402

from ftbench.records import Model  # noqa: E402
from ftbench_hf.backend import HuggingFace  # noqa: E402


@pytest.fixture(scope="session")
def backend():
    return HuggingFace(device="cpu", threads=1)


@pytest.fixture(scope="session")
def base(tmp_path_factory, backend):
    """A tiny Llama with random weights."""
    folder = make_model(tmp_path_factory.mktemp("models") / "llama", "llama")
    return backend.resolve(Model(location=str(folder), digest="", family="llama2"))


@pytest.fixture
def desk(tmp_path):
    return PaperDesk(folder=tmp_path / "desk")
