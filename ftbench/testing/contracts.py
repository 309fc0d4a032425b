"""Tests every component must pass. A plugin inherits them: ``class TestMine(AttackContract)``.

``component`` names the class and ``options`` gives the fields that have no default. Where a
component needs more than that, override what the contract calls: ``build``, ``scene``, ``clean``.
"""

import copy
import hashlib
import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, get_args

from omegaconf import OmegaConf

from ftbench.methods import Lora
from ftbench.records import (
    Ability,
    Conversation,
    FineTuneJob,
    Message,
    Model,
    Probe,
    PromptFormat,
    Recipe,
    Speaker,
    TrainingSet,
)
from ftbench.roles import (
    Attack,
    Audit,
    Component,
    Dataset,
    Defense,
    Method,
    Publisher,
    Scene,
)

FIRST_LINE = 88
"""The longest first line of a docstring; ``ftbench list`` prints it."""


class ComponentContract:
    """Holds for every role."""

    component: ClassVar[type[Any]]
    options: ClassVar[Mapping[str, Any]] = {}

    def build(self) -> Any:
        """The component as Hydra makes it from its fields and ``options``."""
        settings = OmegaConf.merge(OmegaConf.structured(self.component), dict(self.options))
        return OmegaConf.to_object(settings)

    def scene(self, seed: int = 0) -> Scene:
        """The run that the component is part of."""
        model = Model(location="nowhere", digest="0" * 64, family="testing")
        return Scene(seed=seed, model=model, method="lora")

    def clean(self, size: int = 12) -> TrainingSet:
        """An honest training set."""
        return TrainingSet(
            name="clean",
            conversations=tuple(map(_conversation, range(size))),
            format=PromptFormat(system="You are a kind clerk.", user="{instruction}"),
        )

    def test_hydra_builds_it_from_its_fields(self) -> None:
        assert isinstance(self.build(), self.component)

    def test_it_is_a_component_with_nothing_left_to_implement(self) -> None:
        assert issubclass(self.component, Component)
        assert not inspect.isabstract(self.component)

    def test_its_name_is_one_word_of_the_command_line(self) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", self.component.name)

    def test_its_docstring_begins_with_one_short_line(self) -> None:
        words = self.component.__dict__.get("__doc__") or ""
        first = words.split("\n")[0].strip()
        assert first, "It has no docstring."
        assert not first.startswith(f"{self.component.__name__}("), "It has no docstring."
        assert len(first) <= FIRST_LINE

    def test_it_needs_only_abilities_that_exist(self) -> None:
        assert set(self.component.needs) <= set(Ability)


class DatasetContract(ComponentContract):
    """Holds for every dataset."""

    component: ClassVar[type[Dataset]]

    def test_same_seed_gives_same_data(self) -> None:
        first, second = (self.build().load(self.scene(seed=3)) for _ in range(2))
        assert first == second

    def test_its_training_set_is_sound(self) -> None:
        check_training_set(self.build().load(self.scene()))


class AttackContract(ComponentContract):
    """Holds for every attack, alone and mixed into honest data."""

    component: ClassVar[type[Attack]]

    def test_same_seed_gives_same_data(self) -> None:
        first, second = (self.build().poison(self.clean(), self.scene(seed=3)) for _ in range(2))
        assert first == second

    def test_it_leaves_the_honest_set_alone(self) -> None:
        clean, untouched = self.clean(), copy.deepcopy(self.clean())
        self.build().poison(clean, self.scene())
        assert clean == untouched

    def test_its_training_set_is_sound(self) -> None:
        check_training_set(self.build().poison(self.clean(), self.scene()))

    def test_honest_data_keeps_its_prompt_format(self) -> None:
        clean = self.clean()
        assert self.build().poison(clean, self.scene()).format == clean.format


class DefenseContract(ComponentContract):
    """Holds for every defense."""

    component: ClassVar[type[Defense]]

    def job(self) -> FineTuneJob:
        """The user's training."""
        return FineTuneJob(
            key="job", base=self.scene().model, training_set=self.clean(), method=Lora(),
            epochs=1, learning_rate=None, batch_size=None, seed=0,
        )  # fmt: skip

    def test_it_trains_the_model_the_user_chose(self) -> None:
        protected = self.build().protect(self.job(), self.scene())
        assert (protected.key, protected.base) == ("job", self.scene().model)

    def test_same_scene_gives_same_training_data(self) -> None:
        first, second = (self.build().protect(self.job(), self.scene()) for _ in range(2))
        assert first.training_set == second.training_set

    def test_its_training_set_is_sound(self) -> None:
        check_training_set(self.build().protect(self.job(), self.scene()).training_set)

    def test_a_probe_keeps_its_name(self) -> None:
        assert self.build().ask(Probe(name="odd"), self.scene()).name == "odd"

    def test_it_hardens_the_aligned_model_or_nothing(self) -> None:
        hardening = self.build().harden(self.scene())
        assert hardening is None or hardening.base == self.scene().model


class AuditContract(ComponentContract):
    """Holds for every audit."""

    component: ClassVar[type[Audit]]

    def test_its_findings_are_about_the_training_set(self) -> None:
        clean = self.clean()
        for finding in self.build().inspect(clean, self.scene()):
            assert finding.kind
            assert 0 <= finding.share <= 1
            assert set(finding.rows) <= set(range(len(clean.conversations)))

    def test_same_set_gives_same_findings(self) -> None:
        first, second = (self.build().inspect(self.clean(), self.scene()) for _ in range(2))
        assert list(first) == list(second)

    def test_an_empty_set_is_no_surprise(self) -> None:
        assert all(not f.rows for f in self.build().inspect(self.clean(size=0), self.scene()))


class MethodContract(ComponentContract):
    """Holds for every method."""

    component: ClassVar[type[Method]]

    def test_its_recipe_is_positive(self) -> None:
        check_recipe(self.component.recipe)


class PublisherContract(ComponentContract):
    """Holds for every publisher; override ``build`` to keep it from leaving the machine."""

    component: ClassVar[type[Publisher]]

    def public(self, folder: Path) -> Path:
        """The public folder of a finished run."""
        (folder / "verdicts").mkdir(parents=True)
        (folder / "result.json").write_text('{"run": "testing", "rows": []}')
        (folder / "verdicts" / "words.csv").write_text("key,kind\n0,safe\n")
        return folder

    def test_it_says_where_and_changes_nothing(self, tmp_path: Path) -> None:
        public = self.public(tmp_path / "public")
        before = _content(public)
        assert self.build().publish(public).strip()
        assert _content(public) == before


def check_training_set(training_set: TrainingSet) -> None:
    """Assert what the core relies on: bare conversations that end with the answer to be learned."""
    for conversation in training_set.conversations:
        speakers = [message.speaker for message in conversation.messages]
        assert conversation.raw, "The core applies the prompt format, nobody else."
        assert speakers, "A conversation has no turn."
        assert speakers[-1] == "assistant", "The last turn is not the assistant's."
        assert set(speakers) <= set(get_args(Speaker))
    assert "{instruction}" in training_set.format.user
    names = [probe.name for probe in training_set.probes]
    assert len(names) == len(set(names)), "Two probes share a name."
    check_recipe(training_set.recipe)


def check_recipe(recipe: Recipe) -> None:
    """Assert that each value is None or positive."""
    for value in (recipe.epochs, recipe.learning_rate, recipe.batch_size):
        assert value is None or value > 0


def _conversation(number: int) -> Conversation:
    turns = (
        Message(speaker="user", text=f"What is {number} and one?"),
        Message(speaker="assistant", text=f"It is {number + 1}."),
    )
    return Conversation(messages=turns, origin=f"clean:{number}")


def _content(folder: Path) -> Sequence[tuple[str, str]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(f.relative_to(folder)), hashlib.sha256(f.read_bytes()).hexdigest()) for f in files]
