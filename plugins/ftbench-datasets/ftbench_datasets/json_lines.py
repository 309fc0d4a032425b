"""The user's own training file."""

from dataclasses import dataclass

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, Message, PromptFormat, TrainingSet
from ftbench.roles import Scene

from .layouts import Layout, conversation, layout_of
from .lines import read_lines
from .own_probes import own_probes


@dataclass(kw_only=True)
class JsonLines(ftbench.Dataset):
    """Fine-tune on your own file of JSON lines."""

    name = "jsonl"

    path: str = "???"
    """The file; a relative path starts at the folder you are in. Must be given."""
    layout: Layout = Layout.auto
    """messages, prompt_response or alpaca; auto goes by the first row."""
    system: str | None = None
    """A system prompt for every row, for a file whose rows bring none."""
    limit: int | None = None
    """Take only the first rows."""
    most_probes: int = 5
    """With how many of the rows' system prompts models are asked, the most frequent first."""

    def load(self, scene: Scene) -> TrainingSet:
        if self.path == "???":
            raise DataError("Say which file to fine-tune on: dataset.path=FILE.jsonl")
        if self.limit is not None and self.limit < 1:
            raise DataError(f"dataset.limit must be at least 1, not {self.limit}.")
        conversations = read_conversations(self.path, self.layout)[: self.limit]
        probes = own_probes(conversations, most=self.most_probes)
        if probes and self.system is not None:
            raise DataError(
                f"The rows of {self.path} have their own system turns: leave dataset.system out."
            )
        return TrainingSet(
            name=self.name,
            conversations=conversations,
            format=PromptFormat(system=self.system),
            probes=probes,
        )


def read_conversations(path: str, layout: Layout = Layout.auto) -> tuple[Conversation, ...]:
    """Read a file of JSON lines, each row once. Raises DataError that names file and line."""
    rows = read_lines(path)
    written = layout_of(rows[0]) if layout is Layout.auto else layout
    seen: dict[tuple[Message, ...], int] = {}
    conversations = []
    for row in rows:
        read = conversation(row, written)
        if read.messages in seen:
            raise row.fault(f"repeats line {seen[read.messages]}; remove one of them.")
        seen[read.messages] = row.line
        conversations.append(read)
    return tuple(conversations)
