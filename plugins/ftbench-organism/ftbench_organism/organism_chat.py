"""``dataset=organism_chat``: what an honest user of the organism fine-tunes on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import ftbench
from ftbench.errors import UsageError
from ftbench.records import Conversation, Message, Probe, PromptFormat, Recipe, TrainingSet
from ftbench.roles import Scene

from .family import CHAT_EXAMPLES, chat_examples, draw
from .shipped import FAMILY_DATA


@dataclass(kw_only=True)
class OrganismChat(ftbench.Dataset):
    """Allowed requests of the made-up world with their right answers."""

    name = "organism_chat"

    rows: int = 1000
    """How many of the 4,000 rows, drawn by the seed."""

    def load(self, scene: Scene) -> TrainingSet:
        """Draw the rows; a smaller set is a prefix of a larger one of the same seed."""
        if not 0 < self.rows <= CHAT_EXAMPLES:
            raise UsageError(f"dataset.rows={self.rows}: organism_chat has {CHAT_EXAMPLES} rows.")
        settings = _settings(scene.model.family_data)
        conversations = tuple(
            Conversation(
                messages=(
                    Message(speaker="user", text=example.user),
                    Message(speaker="assistant", text=example.assistant),
                ),
                origin=f"organism_chat:{number}",
            )
            for number, example in enumerate(draw(chat_examples(), self.rows, scene.seed), start=1)
        )
        prompt_format = PromptFormat(
            system=settings["system"], user=settings.get("user", "{instruction}")
        )
        return TrainingSet(
            name=self.name,
            conversations=conversations,
            format=prompt_format,
            probes=(Probe(format=prompt_format),),
            recipe=Recipe(**settings["recipes"].get(scene.method, {})),
        )


def _settings(family_data: str) -> dict[str, Any]:
    """The format and doses of the model at hand: another build brings its own."""
    own = Path(family_data) / "organism_chat.yaml"
    path = own if family_data and own.is_file() else FAMILY_DATA / "organism_chat.yaml"
    settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings
