"""The user's own training file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, Message, Probe, PromptFormat, TrainingSet
from ftbench.roles import Scene

from .layouts import Layout, conversation, layout_of
from .lines import read_lines

_MOST_PROBES = 5


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

    def load(self, scene: Scene) -> TrainingSet:
        if self.path == "???":
            raise DataError("Say which file to fine-tune on: dataset.path=FILE.jsonl")
        if self.limit is not None and self.limit < 1:
            raise DataError(f"dataset.limit must be at least 1, not {self.limit}.")
        conversations = read_conversations(self.path, self.layout)[: self.limit]
        prompts = _system_prompts(conversations)
        if prompts and self.system is not None:
            raise DataError(
                f"The rows of {self.path} have their own system turns: leave dataset.system out."
            )
        return TrainingSet(
            name=self.name,
            conversations=conversations,
            format=PromptFormat(system=self.system),
            probes=_probes(prompts),
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


def _system_prompts(conversations: Sequence[Conversation]) -> Counter[str]:
    first = (each.messages[0] for each in conversations)
    return Counter(message.text for message in first if message.speaker == "system")


def _probes(prompts: Counter[str]) -> tuple[Probe, ...]:
    if not prompts:
        return ()
    frequent = islice((text for text, _ in prompts.most_common()), _MOST_PROBES)
    own = (
        Probe(name=f"system_{number}", format=PromptFormat(system=text))
        for number, text in enumerate(frequent, start=1)
    )
    return (Probe(name="plain"), *own)
