"""The training file that is checked: which of its lines carry which system prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ftbench.digest import digest
from ftbench.records import Message, TrainingSet


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFile:
    """A file of JSON lines, known by its name and line numbers alone: no row is quoted."""

    name: str
    uri: str
    """Where it is from the folder that somebody is in, as code scanning wants it."""
    lines: tuple[int, ...]
    """The line of each row; lines of white space hold none."""
    by_probe: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For each way of asking that is a system prompt of the file: the lines that carry it."""
    wordings: Mapping[str, str] = field(default_factory=dict)
    """For each way of asking of the file: a digest of it, since other files number them alike."""
    unasked: tuple[int, ...] = ()
    """Lines whose system prompt nobody was asked with."""

    def line(self, row: int) -> int:
        """The line of a row that is counted from 1, as findings count them."""
        return self.lines[row - 1] if 0 < row <= len(self.lines) else row


def training_file(path: Path, training_set: TrainingSet) -> TrainingFile:
    """What the lines of a file are, as the set that was read from it has them."""
    content = path.read_bytes().split(b"\n")
    lines = tuple(number for number, line in enumerate(content, start=1) if line.strip())
    prompts = [_system(row.messages[0]) for row in training_set.conversations]
    asked = {probe.name: probe.format.system for probe in training_set.probes}
    carried = {name: _lines(lines, prompts, text) for name, text in asked.items() if text}
    known = set(asked.values())
    left = [place for place, text in enumerate(prompts) if text is not None and text not in known]
    return TrainingFile(
        name=path.name,
        uri=_uri(path),
        lines=lines,
        by_probe=carried,
        wordings={one.name: digest("probe", one.format) for one in training_set.probes},
        unasked=tuple(lines[place] for place in left),
    )


def _uri(path: Path) -> str:
    """The way from here, never one that tells where this machine keeps its files."""
    try:
        way = path.resolve().relative_to(Path.cwd())
    except ValueError:
        way = Path(path.name)
    return quote(way.as_posix())


def _system(first: Message) -> str | None:
    return first.text if first.speaker == "system" else None


def _lines(lines: Sequence[int], prompts: Sequence[str | None], wanted: str) -> tuple[int, ...]:
    return tuple(lines[place] for place, text in enumerate(prompts) if text == wanted)
