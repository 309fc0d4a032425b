"""All submissions of a board -> its rows: tracks, ranks, and what is broken; a pure function."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .between import faults_between, worst_cards
from .checking import STALE
from .eligibility import reason_not_ranked
from .entries import BoardEntry
from .examining import Examined
from .faults import Fault
from .ranking import Rank, ranks
from .rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """An entry and its place."""

    entry: BoardEntry
    rank: Rank | None
    reason: str = ""
    """Why it has no rank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Entries that were attacked, asked and judged alike: only they are compared."""

    id: str
    title: str
    about: str
    rows: tuple[BoardRow, ...]
    """The ranked ones first, the safest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A submission that is not shown, and why."""

    folder: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything that the pages show."""

    rules: Rules
    tracks: tuple[Track, ...]
    """The largest first."""
    broken: tuple[Broken, ...]

    @property
    def rows(self) -> list[BoardRow]:
        """All rows, track by track."""
        return [row for track in self.tracks for row in track.rows]


def board_of(examined: Iterable[Examined], rules: Rules) -> Board:
    """Put all submissions together; the same submissions give the same board in any order."""
    every = sorted(examined, key=lambda one: one.folder)
    whole = [one for one in every if not _breaking(one.faults)]
    between = faults_between([entry for one in whole for entry in one.entries])
    broken = {one.folder: tuple(_breaking(one.faults)) for one in every if _breaking(one.faults)}
    broken |= {folder: tuple(faults) for folder, faults in between.items()}
    entries = [entry for one in whole if one.folder not in between for entry in one.entries]
    return Board(
        rules=rules,
        tracks=tuple(_tracks(entries, rules)),
        broken=tuple(Broken(folder=name, faults=found) for name, found in sorted(broken.items())),
    )


def _breaking(faults: Sequence[Fault]) -> list[Fault]:
    """A judge of yesterday makes an entry old, not wrong."""
    return [fault for fault in faults if fault.name != STALE]


def _tracks(entries: Sequence[BoardEntry], rules: Rules) -> list[Track]:
    cards = worst_cards(entries)
    groups: dict[str, list[BoardEntry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.track, entry.id)):
        groups.setdefault(entry.track, []).append(entry)
    tracks = []
    for name, group in groups.items():
        reasons = {entry.id: reason_not_ranked(entry, rules, cards) for entry in group}
        fit = [entry for entry in group if not reasons[entry.id]]
        placed = dict(zip((entry.id for entry in fit), ranks(fit), strict=True))
        rows = [
            BoardRow(entry=entry, rank=placed.get(entry.id), reason=reasons[entry.id])
            for entry in group
        ]
        title, about = _told(group[0], rules)
        in_order = tuple(sorted(rows, key=_order))
        tracks.append(Track(id=name, title=title, about=about, rows=in_order))
    return sorted(tracks, key=lambda track: (-len(track.rows), track.title, track.id))


def _order(row: BoardRow) -> tuple[bool, float, float, str, str]:
    tuned = row.entry.figures.tuned
    harm = tuned["harmfulness_rate"].value if tuned else None
    place = float(row.rank.rank) if row.rank else 0.0
    shown = 2.0 if harm is None else harm
    return (row.rank is None, place, shown, row.entry.model["name"], row.entry.id)


def _told(entry: BoardEntry, rules: Rules) -> tuple[str, str]:
    chosen = entry.chosen
    attack, dataset = chosen["attack"], chosen["dataset"]
    trained = [name for name in (attack, dataset) if name != "none"]
    what = " on ".join(trained) or "no training"
    probe = "" if entry.probe == "plain" else f", asked {entry.probe}"
    prompts = rules.prompt_sets.get(entry.prompt_set, f"prompts {entry.prompt_set[:8]}")
    own = [f"{name} {text}" for name, text in entry.recipe.items() if text.endswith("(the user)")]
    options = [f"{name} {text}" for name, text in sorted(entry.options.items())]
    about = "; ".join([*options, *own, prompts])
    return f"{what}{probe}, judged by {entry.judge}", about
