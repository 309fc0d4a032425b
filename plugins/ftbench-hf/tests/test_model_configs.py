"""The models of ``conf/model`` as data."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ftbench.config.schema import ModelConfig

FOLDER = Path(__file__).parents[3] / "conf" / "model"
OURS = [
    "gemma2_2b",
    "gemma3_1b",
    "gemma3_4b",
    "llama2_13b",
    "llama2_7b",
    "llama3_1_8b",
    "llama3_2_1b",
    "local",
    "mistral_7b",
    "qwen3_0_6b",
    "qwen3_4b",
    "qwen3_8b",
]


@pytest.mark.parametrize("name", OURS)
def test_a_model_config_fits_the_schema(name):
    config = OmegaConf.merge(
        OmegaConf.structured(ModelConfig), OmegaConf.load(FOLDER / f"{name}.yaml")
    )
    if name == "local":
        assert OmegaConf.is_missing(config, "name")
        return
    model = OmegaConf.to_object(config)
    assert model.licence_page == f"https://huggingface.co/{model.name}"
    assert name.startswith(model.family.rstrip("0123456789"))
    assert model.vendor
