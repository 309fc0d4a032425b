"""A catalog with tiny components, and a plugin's folder of configs."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from ftbench import Attack, Backend, Judge, Lora
from ftbench.methods import Full
from ftbench.none import NoAttack, NoAudit, NoDataset, NoDefense, NoPublisher
from ftbench.testing.catalog import catalog_with


class Words(Enum):
    short = "short"
    long = "long"


@dataclass(kw_only=True)
class Keyword(Judge):
    """Look for words."""

    name = "keyword"
    words: Words = Words.short

    def judge(self, answers, desk): ...


@dataclass(kw_only=True)
class Oracle(Judge):
    """Know the answer."""

    name = "oracle"

    def judge(self, answers, desk): ...


@dataclass(kw_only=True)
class Here(Backend):
    """Do nothing, here."""

    name = "hf"

    def fine_tune(self, jobs, desk): ...
    def respond(self, requests, desk): ...


@dataclass(kw_only=True)
class Shout(Attack):
    """Shout."""

    name = "shout"
    examples: int = 10

    def poison(self, clean, scene):
        return clean


@pytest.fixture
def config_dir(tmp_path) -> Path:
    """A plugin's configs: a model that brings its suite and judge, one that does not."""
    files = {
        "model/small.yaml": "# @package _global_\n"
        "defaults: [override /suite: small, override /judge: [oracle]]\n"
        "model: {name: small, family: small}\n",
        "model/plain.yaml": "# A plain one\nname: someone/plain\nfamily: plain\n",
        "suite/small.yaml": "harmfulness: [small_policy]\n",
        "experiment/loud.yaml": "# @package _global_\n"
        "defaults: [override /model: small, override /attack: shout]\n"
        "seed: 7\nattack: {examples: 3}\n",
    }
    for name, text in files.items():
        file = tmp_path / "plugin" / "conf" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "plugin" / "conf"


@pytest.fixture
def components():
    return [
        *(NoDataset, NoAttack, NoDefense, NoAudit, NoPublisher, Full, Lora),
        *(Keyword, Oracle, Here, Shout),
    ]


@pytest.fixture
def catalog(components, config_dir):
    return catalog_with(*components, config_dirs=(config_dir,))
