"""What every backend must do, done by this one."""

from pathlib import Path

from hf_doubles import make_model

from ftbench.records import Model
from ftbench.testing import BackendContract
from ftbench_hf.backend import HuggingFace


class TestHuggingFace(BackendContract):
    component = HuggingFace
    options = {"device": "cpu"}

    def base(self, folder: Path) -> Model:
        return Model(location=str(make_model(folder / "model", "llama")), digest="", family="llama")
