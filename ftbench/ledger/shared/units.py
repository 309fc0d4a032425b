"""Which responses and verdicts other machines have shared, and how to share more."""

import threading
from collections.abc import Iterable, Iterator, Mapping

from ftbench.ledger.codec import Unit, kind_of

from .packs import LARGEST_INDEX, Index, index_in, is_name, mark, named, origin_of, packed, units_in
from .place import Place, concurrently

INDEX, CONTENT = "index", "content"
KINDS = ("response", "verdict")


class SharedUnits:
    """Reads the list of packs whenever it is asked, each index once, and a pack when needed."""

    def __init__(self, place: Place) -> None:
        """Nothing is read yet."""
        self._place = place
        self._indexes: dict[str, dict[str, Index]] = {kind: {} for kind in KINDS}
        self._damaged: set[str] = set()
        """Packs that were read and are not what they should be."""
        self._lock = threading.Lock()

    def indexes(self, kind: str) -> dict[str, Index]:
        """The index of every pack of a kind, by name; raises StorageError out of reach."""
        with self._lock:
            return dict(self._refreshed(kind))

    def _refreshed(self, kind: str) -> dict[str, Index]:
        known = self._indexes[kind]
        listed = self._place.files(f"{INDEX}/{kind}")
        for gone in known.keys() - listed.keys():
            del known[gone]
        read = [
            (name, size)
            for name, size in listed.items()
            if name not in known and is_name(name) and size <= LARGEST_INDEX
        ]
        contents = concurrently(lambda it: self._place.read(f"{INDEX}/{kind}/{it[0]}", it[1]), read)
        for (name, _), content in zip(read, contents, strict=True):
            if index := index_in(name, content, kind=kind):
                known[name] = index
        return known

    def units(self, kind: str, keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Unit]]]:
        """Those of the units that are here and whole, with where they were made.

        Of what lies in several packs, the one whose name comes first counts, for everybody.
        """
        missing = set(keys)
        indexes = self.indexes(kind) if missing else {}
        untried = sorted(indexes.keys())
        while wanted := _where(missing, {name: indexes[name] for name in untried}):
            untried = [name for name in untried if name not in wanted]
            packs = [indexes[name] for name in wanted]
            contents = concurrently(self._pack, packs)
            for index, content, own in zip(packs, contents, wanted.values(), strict=True):
                found = units_in(index, content, sorted(own))
                if len(found) < len(own):
                    self._damaged.add(index.content)
                if found:
                    yield origin_of(index.made_by), found
                missing -= found.keys()

    def _pack(self, index: Index) -> bytes | None:
        return self._place.read(f"{CONTENT}/{index.content}", index.size)

    def lacking(self, kind: str, keys: Iterable[str]) -> set[str]:
        """Those of some keys that no pack has, as far as the indexes and sizes of packs tell."""
        by_mark = {mark(key): key for key in keys}
        lacked = set(by_mark.values())
        sizes = self._place.files(CONTENT) if by_mark else {}
        for index in self.indexes(kind).values() if by_mark else ():
            if sizes.get(index.content) == index.size and index.content not in self._damaged:
                lacked -= index.marked(by_mark)
        return lacked

    def add(self, units: Mapping[str, Unit], *, made_by: str) -> None:
        """Share units: packs first, so that an index never names one that is not there."""
        for kind in KINDS:
            some = {key: units[key] for key in sorted(units) if kind_of(units[key]) == kind}
            for each in packed(kind, some, made_by=made_by):
                self._place.write(f"{CONTENT}/{each.index.content}", each.content)
                self._place.write(f"{INDEX}/{kind}/{named(each.index_text)}", each.index_text)
                self._damaged.discard(each.index.content)


def _where(missing: set[str], indexes: Mapping[str, Index]) -> dict[str, set[str]]:
    """From which packs to take what is missing: each key from the first that has it."""
    by_mark = {mark(key): key for key in missing}
    wanted: dict[str, set[str]] = {}
    for name, index in indexes.items():
        if by_mark and (own := index.marked(by_mark)):
            wanted[name] = own
            for key in own:
                del by_mark[mark(key)]
    return wanted
