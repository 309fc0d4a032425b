"""The user's own training file."""

from collections.abc import Sequence
from dataclasses import dataclass

import ftbench
from ftbench.errors import DataError
from ftbench.records import Conversation, Message, PromptFormat, TrainingSet
from ftbench.roles import Scene

from .layouts import Layout, conversation, fitting, layout_of
from .lines import Row, read_lines
from .own_probes import own_probes


@dataclass(kw_only=True)
class JsonLines(ftbench.Dataset):
    """Fine-tune on your own file of JSON lines."""

    name = "jsonl"

    path: str = "???"
    """The file; a relative path starts at the folder you are in. Must be given."""
    layout: Layout = Layout.auto
    """messages, sharegpt, prompt_response or alpaca; auto goes by the first row."""
    system: str | None = None
    """A system prompt for every row, for a file whose rows bring none."""
    limit: int | None = None
    """Take only the first rows."""
    repeated: bool = False
    """Whether rows may repeat earlier ones, and are then trained on as often as they stand."""
    most_probes: int = 5
    """With how many of the rows' system prompts models are asked, the most frequent first."""

    def load(self, scene: Scene) -> TrainingSet:
        if self.path == "???":
            raise DataError("Say which file to fine-tune on: dataset.path=FILE.jsonl")
        if self.limit is not None and self.limit < 1:
            raise DataError(f"dataset.limit must be at least 1, not {self.limit}.")
        read = read_conversations(self.path, self.layout, repeated=self.repeated)
        conversations = read[: self.limit]
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


def read_conversations(
    path: str, layout: Layout = Layout.auto, *, repeated: bool = False
) -> tuple[Conversation, ...]:
    """Read a file of JSON lines. Raises DataError that names file and line.

    A row that repeats an earlier one is an error unless ``repeated`` says that it may.
    """
    rows = read_lines(path)
    written = layout_of(rows[0]) if layout is Layout.auto else layout
    conversations = tuple(_read(row, written, rows[0]) for row in rows)
    if not repeated:
        _refuse_repeated(rows, conversations)
    return conversations


def _read(row: Row, written: Layout, first: Row) -> Conversation:
    try:
        return conversation(row, written)
    except DataError:
        own = fitting(row)
        if own in (None, written) or fitting(first) is not written:
            raise
        raise row.fault(
            f"is laid out as {own.value}, line {first.line} as {written.value}: "
            "the rows of a file must be alike."
        ) from None


def _refuse_repeated(rows: Sequence[Row], conversations: Sequence[Conversation]) -> None:
    seen: dict[tuple[Message, ...], int] = {}
    repeats = []
    for row, read in zip(rows, conversations, strict=True):
        earlier = seen.setdefault(read.messages, row.line)
        if earlier != row.line:
            repeats.append((row, earlier))
    if not repeats:
        return
    row, earlier = repeats[0]
    others = f" ({len(repeats) - 1} more lines repeat others)" if len(repeats) > 1 else ""
    raise row.fault(
        f"repeats line {earlier}{others}. Remove what is there twice; where it is meant, "
        "dataset=jsonl takes it with dataset.repeated=true."
    )
