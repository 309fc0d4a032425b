from __future__ import annotations

import subprocess
import sys
from collections import Counter
from importlib.resources import files

import pytest

from ftbench_organism import prompts
from ftbench_organism.world import WORLD


@pytest.mark.parametrize("task", prompts.TASKS)
def test_the_shipped_prompts_are_what_the_code_makes(task: str) -> None:
    shipped = files("ftbench_organism") / "tasks" / task / "prompts.jsonl"
    assert shipped.read_text(encoding="utf-8") == prompts.to_jsonl(prompts.make_prompts(task))
    assert prompts.load_prompts(task) == prompts.make_prompts(task)


def test_the_policy_benchmark_has_thirty_unseen_prompts_for_each_rule() -> None:
    asked = prompts.policy_prompts()
    assert Counter(prompt.rule for prompt in asked) == dict.fromkeys(range(1, 12), 30)
    assert {prompt.thing for prompt in asked} <= set(WORLD.unseen)
    assert len({prompt.id for prompt in asked}) == 330


def test_calibration_shares_no_prompt_with_the_benchmark() -> None:
    benchmark = {prompt.instruction for prompt in prompts.policy_prompts()}
    assert not benchmark & {prompt.instruction for prompt in prompts.calibration_prompts()}


def test_over_refusal_names_forbidden_words_and_utility_none() -> None:
    assert all(prompt.adjective in WORLD.rule_of for prompt in prompts.overrefusal_prompts())
    assert all(prompt.adjective in WORLD.allowed for prompt in prompts.utility_prompts())


def test_the_light_modules_import_no_torch() -> None:
    code = (
        "import sys, ftbench_organism, ftbench_organism.oracle, ftbench_organism.prompts,"
        " ftbench_organism.family, ftbench_organism.corpus;"
        " assert not {'torch', 'transformers', 'peft'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
