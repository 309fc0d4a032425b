from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from ftbench.config.schema import SuiteConfig
from ftbench.locations import CONF_DIR, TASKS_DIR

BUILT_IN = {"gsm8k": "gsm8k/gsm8k.yaml", "arc_challenge": "arc/arc_challenge.yaml"}


def suite(name: str) -> SuiteConfig:
    file = OmegaConf.load(CONF_DIR / "suite" / f"{name}.yaml")
    found = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(SuiteConfig), file))
    assert isinstance(found, SuiteConfig)
    return found


def built_in(task: str) -> Mapping[str, Any]:
    """The YAML of one of lm-eval's tasks, with what it includes; reading all takes seconds."""
    spec = find_spec("lm_eval")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "tasks" / BUILT_IN[task]
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "include" in content:
        included = (file.parent / content["include"]).read_text(encoding="utf-8")
        content = {**yaml.safe_load(included), **content}
    assert content["task"] == task
    return dict(content)


@pytest.mark.parametrize("name", ["hex_phi", "advbench", "standard"])
def test_a_suite_asks_tasks_that_exist(name: str) -> None:
    for task in suite(name).harmfulness:
        assert (TASKS_DIR / task / f"{task}.yaml").is_file()


def test_the_standard_suite_names_metrics_and_filters_of_lm_eval() -> None:
    utility = suite("standard").utility
    assert set(utility) == set(BUILT_IN)
    for task, column in utility.items():
        metric, by = column.split(",")
        content = built_in(task)
        assert metric in [entry["metric"] for entry in content["metric_list"]]
        filters = [entry["name"] for entry in content.get("filter_list", [{"name": "none"}])]
        assert by in filters
