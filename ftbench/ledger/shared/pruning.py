"""What a shared cache holds, and how to make room in it: the oldest goes first, for everybody."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from .models import CARDS, SharedModels
from .place import Place, concurrently
from .units import CONTENT, INDEX, KINDS, SharedUnits

DAY_SECONDS = 86_400.0
"""Younger files that nothing refers to may be on their way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What was given at once: units of one kind, or a fine-tune."""

    kind: str
    made_at: str
    count: int
    entry: str
    """The path of its index or card."""
    contents: frozenset[str]
    """The names of what is only reached through it, or through others like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Everything that lies in a shared cache."""

    whole: tuple[Holding, ...]
    """The oldest first."""
    sizes: dict[str, int]
    """Of every file, by path."""

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(self.sizes.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many fine-tunes, responses and verdicts there are; what was given twice is two."""
        found = Counter(dict.fromkeys(("finetune", *KINDS), 0))
        for holding in self.whole:
            found[holding.kind] += holding.count
        return dict(found)

    @property
    def strays(self) -> Iterator[str]:
        """Files that nothing whole refers to: damaged ones, and those of an upload cut short."""
        reached = {holding.entry for holding in self.whole}
        reached |= {f"{CONTENT}/{name}" for holding in self.whole for name in holding.contents}
        yield from (path for path in self.sizes if path not in reached)


def holdings(place: Place) -> Holdings:
    """Look at everything; indexes and cards are read, what they lead to is not."""
    folders = (CONTENT, CARDS, *(f"{INDEX}/{kind}" for kind in KINDS))
    listed = {folder: place.files(folder) for folder in folders}
    sizes = {f"{folder}/{n}": size for folder, found in listed.items() for n, size in found.items()}
    units, cards = SharedUnits(place), SharedModels(place).cards()
    whole = [
        Holding(
            kind=kind,
            made_at=index.made_at,
            count=index.count,
            entry=f"{INDEX}/{kind}/{name}",
            contents=frozenset({index.content}),
        )
        for kind in KINDS
        for name, index in units.indexes(kind).items()
    ]
    whole += [
        Holding(
            kind="finetune",
            made_at=card.made_at,
            count=1,
            entry=f"{CARDS}/{name}",
            contents=frozenset(digest for _, digest in card.files.values()),
        )
        for name, card in cards.items()
    ]
    whole.sort(key=lambda holding: (holding.made_at, holding.entry))
    return Holdings(whole=tuple(whole), sizes=sizes)


def prune(place: Place, limit: int) -> list[str]:
    """Remove strays, then what was given first, until ``limit`` bytes are left; says what went."""
    found = holdings(place)
    strays = [path for path in found.strays if _is_old(place.modified(path))]
    left = found.size - sum(found.sizes[path] for path in strays)
    referred = Counter(name for holding in found.whole for name in holding.contents)
    going: list[str] = []
    gone: Counter[str] = Counter()
    for holding in found.whole:
        if left <= limit:
            break
        referred.subtract(holding.contents)
        freed = [f"{CONTENT}/{name}" for name in sorted(holding.contents) if not referred[name]]
        paths = [holding.entry, *freed]  # the entry first: half removed is as good as not there
        left -= sum(found.sizes.get(path, 0) for path in paths)
        going += paths
        gone[holding.kind] += holding.count
    entries = [path for path in going if path.startswith(f"{INDEX}/")]
    concurrently(place.remove, entries)
    concurrently(place.remove, [*strays, *(path for path in going if path not in set(entries))])
    told = [f"{count} {kind}s" for kind, count in gone.items()]
    return [*told, *([f"{len(strays)} files that nothing refers to"] if strays else [])]


def _is_old(modified: float | None) -> bool:
    return modified is not None and time.time() - modified > DAY_SECONDS
