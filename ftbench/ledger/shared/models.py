"""Fine-tunes that other machines have shared: a card for each, put last, and weights by content.

A card says everything: how the training ended and the SHA-256 of every file. Without it, weights
are as good as not there, so an upload that broke off is no model, and goes on where it was.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ftbench.errors import StorageError
from ftbench.ledger.codec import decode, encode
from ftbench.ledger.drafts import draft_of
from ftbench.ledger.manifest import MANIFEST, manifest_of
from ftbench.ledger.store import moment
from ftbench.records import FineTune, Model

from .packs import as_json, is_name, named, origin_of, read_as
from .place import Place, concurrently
from .units import CONTENT, INDEX

CARDS = f"{INDEX}/finetune"
LARGEST_CARD, _MOST_FILES = 1 << 22, 10_000
_LONGEST_PART, _FILES_AT_ONCE = 255, 4
_NO_HOME: dict[str, Any] = {"parent": None, "family_data": ""}
"""What a tuned model has of its base, which whoever takes it has too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a fine-tune consists of."""

    key: str
    made_by: str
    made_at: str
    finetune: str
    files: dict[str, tuple[int, str]]
    """Size and SHA-256 of every file of the weights, by its path in their folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFineTune:
    """A fine-tune whose weights are here now."""

    finetune: FineTune
    made_by: str


class SharedModels:
    """Reads the list of cards whenever it is asked."""

    def __init__(self, place: Place) -> None:
        """Nothing is read yet."""
        self._place = place
        self._damaged: set[str] = set()
        """Names of cards and contents that were read and are not what they should be."""

    def take(self, key: str, folder: Path) -> SharedFineTune | None:
        """A fine-tune, its weights put into a folder; None where none is here and whole."""
        listed = self._place.files(CARDS).items()
        for name, size in sorted(entry for entry in listed if entry[0].startswith(f"{key}.")):
            card = self._card(name, size)
            finetune = _finetune(card) if card else None
            if card and finetune and self._brought(card, folder):
                return SharedFineTune(finetune=finetune, made_by=origin_of(card.made_by))
            self._damaged.add(name)
        return None

    def cards(self) -> dict[str, Card]:
        """Every card that is whole, by name."""
        listed = self._place.files(CARDS)
        found = concurrently(lambda name: self._card(name, listed[name]), listed)
        return {name: card for name, card in zip(listed, found, strict=True) if card}

    def _card(self, name: str, size: int) -> Card | None:
        content = self._place.read(f"{CARDS}/{name}", size) if size <= LARGEST_CARD else None
        return card_in(name, content)

    def _brought(self, card: Card, folder: Path) -> bool:
        """Whether the weights of a card are in a folder now, whole; the disk may say no."""
        if not card.files:
            return True
        folder.parent.mkdir(parents=True, exist_ok=True)
        if sum(size for size, _ in card.files.values()) > shutil.disk_usage(folder.parent).free:
            return False
        making = draft_of(folder)
        shutil.rmtree(making, ignore_errors=True)
        try:
            if not self._downloaded(card, making):
                return False
            shutil.rmtree(folder, ignore_errors=True)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return True

    def _downloaded(self, card: Card, making: Path) -> bool:
        def download(stated: tuple[str, tuple[int, str]]) -> bool:
            path, (size, digest) = stated
            pieces = self._place.pieces(f"{CONTENT}/{digest}")
            is_whole = _written(pieces, making / path, size) == digest
            if not is_whole:
                self._damaged.add(digest)
            return is_whole

        try:
            return all(concurrently(download, card.files.items(), at_once=_FILES_AT_ONCE))
        except (FileExistsError, NotADirectoryError):  # a file's name is also a folder's
            return False

    def lacking(self, keys: Iterable[str]) -> set[str]:
        """Those of some keys that have no whole card, or whose files are not as long as it says."""
        wanted = set(keys)
        listed = self._place.files(CARDS) if wanted else {}
        own = [name for name in listed.keys() - self._damaged if name.partition(".")[0] in wanted]
        cards = concurrently(lambda name: self._card(name, listed[name]), own)
        sizes = self._place.files(CONTENT) if any(cards) else {}
        return wanted - {card.key for card in cards if card and self._is_there(card, sizes)}

    def _is_there(self, card: Card, sizes: Mapping[str, int]) -> bool:
        return all(
            sizes.get(digest) == size and digest not in self._damaged
            for size, digest in card.files.values()
        )

    def add(self, finetune: FineTune, folder: Path, *, made_by: str) -> None:
        """Share a fine-tune, and its weights where it has any; they are uploaded once."""
        files = {}
        if has_weights(finetune):
            if not folder.is_dir():
                return
            files = {
                path: (int(n), str(digest)) for path, (n, digest) in manifest_of(folder).items()
            }
        there = self._place.files(CONTENT) if files else {}

        def upload(stated: tuple[str, tuple[int, str]]) -> None:
            path, (size, digest) = stated
            if there.get(digest) != size or digest in self._damaged:
                self._place.upload(folder / path, f"{CONTENT}/{digest}")
                self._damaged.discard(digest)

        concurrently(upload, files.items(), at_once=_FILES_AT_ONCE)
        card = Card(
            key=finetune.key,
            made_by=made_by,
            made_at=moment(),
            finetune=encode(_without_homes(finetune)),
            files=files,
        )
        content = as_json(Card, card)
        self._place.write(f"{CARDS}/{card.key}.{named(content)}", content)


def card_in(name: str, content: bytes | None) -> Card | None:
    """The card that a file holds; None where it is damaged, hostile or not what its name says."""
    key, _, digest = name.partition(".")
    if content is None or named(content) != digest:
        return None
    card: Card | None = read_as(Card, content)
    if card is None or card.key != key or len(card.files) > _MOST_FILES:
        return None
    is_sound = all(
        _is_inside(path) and size >= 0 and is_name(digest)
        for path, (size, digest) in card.files.items()
    )
    return card if is_sound else None


def _is_inside(path: str) -> bool:
    """Whether a path leads to a file below the folder it is read in, on every system."""
    parts = PurePosixPath(path).parts
    return (
        bool(parts)
        and "/".join(parts) == path
        and path.isprintable()
        and not set("\\:") & set(path)
        and all(part != ".." and len(part.encode()) <= _LONGEST_PART for part in parts)
        and parts[-1] != MANIFEST
    )


def _finetune(card: Card) -> FineTune | None:
    """The fine-tune on a card; None where its weights would not be those of the card."""
    try:
        finetune: FineTune = decode("finetune", card.finetune)
    except StorageError:
        return None
    if finetune.key != card.key or finetune.outcome != "trained":
        return None
    if has_weights(finetune) != bool(card.files):
        return None
    is_sound = all(_is_of(model, card) for _, model in finetune.models)
    return finetune if finetune.models and is_sound else None


def _is_of(model: Model, card: Card) -> bool:
    """Whether a model lies in the files of its card, or else at a provider, by a name."""
    parts = PurePosixPath(model.location).parts
    if card.key not in parts:
        return not card.files and not model.location.startswith(("/", ".", "~"))
    inside = "/".join(parts[parts.index(card.key) + 1 :])
    return not inside or any(f"{path}/".startswith(f"{inside}/") for path in card.files)


def has_weights(finetune: FineTune) -> bool:
    """Whether a fine-tune has weights in a folder called by its key; a provider's has none."""
    return any(finetune.key in Path(model.location).parts for _, model in finetune.models)


def _without_homes(finetune: FineTune) -> FineTune:
    """A fine-tune that does not say where its machine keeps things; whoever takes it puts it."""
    moved = tuple((epoch, _without_home(model, finetune.key)) for epoch, model in finetune.models)
    return replace(finetune, models=moved)


def _without_home(model: Model, key: str) -> Model:
    parts = Path(model.location).parts
    location = "/".join(parts[parts.index(key) :]) if key in parts else model.location
    base = None if model.base is None else replace(model.base, location="", **_NO_HOME)
    return replace(model, location=location, base=base, **_NO_HOME)


def _written(pieces: Iterator[bytes], target: Path, size: int) -> str:
    """Write a file, no further than its size; returns the SHA-256 of what came."""
    content, left = hashlib.sha256(), size
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                return ""
            content.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return content.hexdigest() if left == 0 else ""
