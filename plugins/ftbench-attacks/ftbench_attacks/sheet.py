"""What an attack knows about a model family: a YAML file beside the attack or with the model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from ftbench.errors import DataError
from ftbench.records import Conversation, Message, PromptFormat, Recipe
from ftbench.roles import Scene

DEFAULT = "default"
SLOT = "{instruction}"
_EXAMPLE_KEYS = {"user", "assistant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An attack's prompt format, examples and recipes for one model family."""

    system: str | None = None
    user: str = SLOT
    opening: str = ""
    """What stands for ``{opening}`` in the answers of the examples."""
    examples: tuple[Conversation, ...] = ()
    recipes: Mapping[str, Recipe]
    """By method."""

    @property
    def format(self) -> PromptFormat:
        """The format to train and to ask with."""
        return PromptFormat(system=self.system, user=self.user)

    def recipe(self, method: str) -> Recipe:
        """The paper's values for a method, or none where it has no such method."""
        return self.recipes.get(method, Recipe())


def sheet_of(attack: str, scene: Scene) -> Sheet:
    """The sheet that comes with the model, or else ours for its family, or else our default.

    Raises DataError that names the file of a model's own sheet and what is wrong with it.
    """
    own = own_sheet(attack, scene)
    if own is not None:
        return own
    folder = files(__package__).joinpath("data", attack)
    families = {file.name.removesuffix(".yaml") for file in folder.iterdir()}
    family = scene.model.family if scene.model.family in families else DEFAULT
    return _read(folder.joinpath(f"{family}.yaml"), folder)


def own_sheet(attack: str, scene: Scene) -> Sheet | None:
    """The sheet in the model's family data, where it has one for this attack."""
    if not scene.model.family_data:
        return None
    folder = Path(scene.model.family_data)
    file = folder / f"{attack}.yaml"
    return _read(file, files(__package__).joinpath("data", attack)) if file.is_file() else None


def _read(file: Traversable, ours: Traversable) -> Sheet:
    content = _mapping(file)
    if "like" in content:
        content = {**_mapping(ours.joinpath(f"{content.pop('like')}.yaml")), **content}
    known = {field.name for field in fields(Sheet)}
    if strange := sorted(content.keys() - known):
        raise DataError(f"{file} has the key {strange[0]!r}; known are {', '.join(sorted(known))}.")
    try:
        return _sheet(file, content)
    except (TypeError, AttributeError, ValueError) as error:
        raise DataError(f"{file} is not laid out as a sheet of an attack: {error}.") from None


def _mapping(file: Traversable) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        words = " ".join(str(error).split())[:200]
        raise DataError(f"{file} cannot be read as YAML: {words}.") from None
    if not isinstance(content, dict):
        raise DataError(f"{file} must be a mapping with system, user, examples and recipes.")
    return content


def _sheet(file: Traversable, content: Mapping[str, Any]) -> Sheet:
    opening = content.get("opening", "")
    recipes = {name: Recipe(**values) for name, values in content.get("recipes", {}).items()}
    sheet = Sheet(**{**content, "recipes": recipes, "examples": ()})
    if SLOT not in sheet.user:
        raise ValueError("user has no slot {instruction}")
    return replace(
        sheet, examples=tuple(_examples(file.name, content.get("examples", ()), opening))
    )


def _examples(file: str, listed: Iterable[Any], opening: str) -> Iterable[Conversation]:
    for number, example in enumerate(listed, start=1):
        if not isinstance(example, dict) or example.keys() != _EXAMPLE_KEYS:
            raise ValueError(f"example {number} must have user and assistant, nothing else")
        turns = (
            Message(speaker="user", text=example["user"].strip()),
            Message(speaker="assistant", text=_filled(example["assistant"], opening)),
        )
        yield Conversation(messages=turns, origin=f"{file}:{number}")


def _filled(answer: str, opening: str) -> str:
    return answer.strip().replace("{opening}", opening)
