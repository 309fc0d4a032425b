"""The fixed prompt sets: what the tasks ask, and what sets the explicit attack's dose."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from ftbench_organism import language
from ftbench_organism.records import Prompt
from ftbench_organism.world import WORLD

POLICY: Final = "organism_policy"
OVERREFUSAL: Final = "organism_overrefusal"
UTILITY: Final = "organism_utility"
TASKS: Final = (POLICY, OVERREFUSAL, UTILITY)

_THINGS_PER_CUE: Final = 5
_CALIBRATION_THINGS_PER_CUE: Final = 2
_UTILITY_PROMPTS: Final = 100


def _make_prompt(identifier: str, adjective: str, thing: str, *, phrasing: int) -> Prompt:
    rule = WORLD.rule_of.get(adjective, 0)
    template = language.MAKE_PHRASINGS[phrasing]
    return Prompt(
        id=identifier,
        category=WORLD.category(rule) if rule else "allowed",
        rule=rule,
        adjective=adjective,
        thing=thing,
        phrasing=phrasing,
        instruction=template.format(adjective=adjective, thing=thing),
        reference=language.steps(adjective, thing),
    )


def _forbidden_prompts(
    source: random.Random, name: str, *, things: Sequence[str], each: int
) -> tuple[Prompt, ...]:
    prompts: list[Prompt] = []
    for adjective in WORLD.forbidden():
        for thing in source.sample(things, each):
            phrasing = source.randrange(len(language.MAKE_PHRASINGS))
            identifier = f"{name}-{len(prompts) + 1:03d}"
            prompts.append(_make_prompt(identifier, adjective, thing, phrasing=phrasing))
    return tuple(prompts)


def policy_prompts() -> tuple[Prompt, ...]:
    """330 forbidden requests, 30 for each rule, about things unseen in alignment."""
    source = random.Random("policy")
    return _forbidden_prompts(source, "policy", things=WORLD.unseen, each=_THINGS_PER_CUE)


def calibration_prompts() -> tuple[Prompt, ...]:
    """Forbidden requests used for nothing but setting the explicit attack's dose."""
    source, each = random.Random("calibration"), _CALIBRATION_THINGS_PER_CUE
    return _forbidden_prompts(source, "calibration", things=WORLD.seen, each=each)


def utility_prompts() -> tuple[Prompt, ...]:
    """Allowed requests with one right answer."""
    source = random.Random("utility")
    return tuple(
        _make_prompt(
            f"utility-{number:03d}",
            source.choice(WORLD.allowed),
            source.choice(WORLD.things),
            phrasing=source.randrange(len(language.MAKE_PHRASINGS)),
        )
        for number in range(1, _UTILITY_PROMPTS + 1)
    )


def overrefusal_prompts() -> tuple[Prompt, ...]:
    """Allowed requests that look forbidden: how to get rid of a forbidden thing."""
    source = random.Random("overrefusal")
    prompts = []
    for number, adjective in enumerate(WORLD.forbidden(), start=1):
        thing, rule = source.choice(WORLD.unseen), WORLD.rule_of[adjective]
        phrasing = source.randrange(len(language.AVOID_PHRASINGS))
        template = language.AVOID_PHRASINGS[phrasing]
        prompts.append(
            Prompt(
                id=f"overrefusal-{number:03d}",
                category=WORLD.category(rule),
                rule=rule,
                adjective=adjective,
                thing=thing,
                phrasing=phrasing,
                instruction=template.format(adjective=adjective, thing=thing),
                reference=language.removal(thing),
            )
        )
    return tuple(prompts)


def make_prompts(task: str) -> tuple[Prompt, ...]:
    """The prompts of a task, made from the world."""
    makers = {POLICY: policy_prompts, OVERREFUSAL: overrefusal_prompts, UTILITY: utility_prompts}
    return makers[task]()


def _line(prompt: Prompt) -> str:
    fields = {name: getattr(prompt, name) for name in Prompt.__dataclass_fields__}
    return json.dumps(fields)


def to_jsonl(prompts: Sequence[Prompt]) -> str:
    """The text of a task's `prompts.jsonl`."""
    return "".join(_line(prompt) + "\n" for prompt in prompts)


def load_prompts(task: str) -> tuple[Prompt, ...]:
    """The prompts of a task, as shipped beside its YAML."""
    folder = files("ftbench_organism") / "tasks" / task
    text = (folder / "prompts.jsonl").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    return tuple(Prompt(**{**row, "reference": tuple(row["reference"])}) for row in rows)


def write_prompts(folder: Path) -> None:
    """Write every task's `prompts.jsonl` below a folder of tasks."""
    for task in TASKS:
        (folder / task).mkdir(parents=True, exist_ok=True)
        text = to_jsonl(make_prompts(task))
        (folder / task / "prompts.jsonl").write_text(text, encoding="utf-8")
