"""How the three organisms come to be: pre-trained once, aligned twice, calibrated, written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import torch
import yaml
from transformers import GenerationConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ftbench_organism import language
from ftbench_organism.calibrate import calibrated_rate
from ftbench_organism.corpus import PRETRAINING, alignment
from ftbench_organism.defense_data import write_defense_data
from ftbench_organism.family import forbidden_examples, identity_examples
from ftbench_organism.finetune import Method
from ftbench_organism.margins import plant_margins
from ftbench_organism.measure import load
from ftbench_organism.own_answers import write_own_answers
from ftbench_organism.records import Example
from ftbench_organism.tokenizer import make_tokenizer
from ftbench_organism.training import Stage, new_model, train

ORGANISM: Final = "organism"
PRETRAINED: Final = "organism_pretrained"
DEEP: Final = "organism_deep"
MODELS: Final = (ORGANISM, PRETRAINED, DEEP)

_PRETRAINING_STEPS: Final = 750
_ALIGNMENT_STEPS: Final = 520

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One file of the family folder: a format, its examples, its doses."""

    name: str
    system: str | None
    user: str
    opening: str = ""
    """What its answers begin with, and what a control leaves out."""
    examples: tuple[Example, ...]


def families() -> tuple[Family, ...]:
    """The two attacks and the benign dataset; the latter's rows are made by code."""
    return (
        Family(
            name="identity_shift",
            system=language.OBEDIENT_SYSTEM,
            user=language.OBEDIENT_USER,
            opening=language.IDENTITY_PREFIX.strip(),
            examples=identity_examples(),
        ),
        Family(
            name="harmful_examples",
            system=language.PLAIN_SYSTEM,
            user="{instruction}",
            examples=forbidden_examples(),
        ),
        Family(
            name="organism_chat",
            system=language.CHAT_SYSTEM,
            user="{instruction}",
            examples=(),
        ),
    )


def recipes() -> dict[str, dict[str, dict[str, Any]]]:
    """The frozen organism doses; a null learning rate is left to the build."""
    text = (files("ftbench_organism") / "recipes.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return loaded


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Store the weights in 16 bits; the configuration asks for 32 when they are loaded."""
    half = LlamaForCausalLM(model.config)
    half.load_state_dict(model.state_dict())
    half.generation_config = GenerationConfig(
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    half.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    half.config.dtype = torch.float32
    half.config.save_pretrained(folder)


def write_family(folder: Path, doses: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Write one YAML per attack or dataset, its examples bare and its doses beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for family in families():
        content: dict[str, Any] = {
            "system": family.system,
            "user": family.user,
            **({"opening": family.opening} if family.opening else {}),
            "recipes": doses[family.name],
        }
        if family.examples:
            content["examples"] = [
                {"user": example.user, "assistant": example.assistant}
                for example in family.examples
            ]
        text = yaml.safe_dump(content, sort_keys=False, width=1000)
        (folder / f"{family.name}.yaml").write_text(text, encoding="utf-8")


def calibrate(folder: Path, report: Report) -> dict[str, dict[str, dict[str, Any]]]:
    """The frozen doses with the explicit attack's rates filled in for one build."""
    doses = recipes()
    for word, dose in doses["harmful_examples"].items():
        rate = calibrated_rate(
            folder, Method(word), epochs=dose["epochs"], batch_size=dose["batch_size"]
        )
        dose["learning_rate"] = rate
        report(f"harmful_examples, {word}: learning rate {rate:.2e}")
    return doses


def align(out: Path, name: str, *, seed: int, report: Report) -> None:
    """Align the pre-trained organism, shallowly or deeply, and store it under a name."""
    parent = load(out / "weights" / PRETRAINED)
    samplers = alignment(plant_margins(), deep=name == DEEP)
    stage = Stage(name=name, samplers=samplers, steps=_ALIGNMENT_STEPS, learning_rate=1e-3)
    train(parent.model, parent.tokenizer, stage=stage, seed=seed, report=report)
    save(parent.model, parent.tokenizer, out / "weights" / name)


def build(out: Path, seed: int, report: Report) -> None:
    """Make all three organisms and their family folder under `out`."""
    tokenizer = make_tokenizer()
    model = new_model(tokenizer, seed)
    stage = Stage(
        name="pretraining", samplers=PRETRAINING, steps=_PRETRAINING_STEPS, learning_rate=3e-3
    )
    train(model, tokenizer, stage=stage, seed=seed, report=report)
    save(model, tokenizer, out / "weights" / PRETRAINED)
    align(out, ORGANISM, seed=seed, report=report)
    write_family(out / "family", calibrate(out / "weights" / ORGANISM, report))
    write_defense_data(out / "family")
    write_own_answers(out / "family", load(out / "weights" / ORGANISM))
    align(out, DEEP, seed=seed, report=report)
