"""Whether the trained models of a run are what was trained, file by file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ftbench.ledger.manifest import differing, manifest_of
from ftbench.ledger.seal import SEAL
from ftbench.ledger.store import Ledger

from .damage import Damage
from .opening import LEDGER

REMEDY = "Restore it from a copy; no published figure depends on it any more."


def model_damages(folder: Path, ledger: Ledger) -> Iterator[Damage]:
    """What is wrong with the files of every sealed model."""
    sealed = (ledger.fact(SEAL) or {}).get("models", {})
    finetunes = ledger.all("finetune").values()
    trained = {model.digest for tune in finetunes for _, model in tune.models}
    for name, stated in sealed.items():
        if stated["digest"] not in trained:
            yield Damage(file=LEDGER, wrong=f"knows no training of {name}", remedy=REMEDY)
        yield from _of_one(folder / name, name, stated["files"])


def _of_one(folder: Path, name: str, stated: Mapping[str, Any]) -> Iterator[Damage]:
    if not folder.is_dir():
        yield Damage(file=name, wrong="is not there", remedy=REMEDY)
        return
    try:
        found = manifest_of(folder)
    except OSError as error:
        yield Damage(file=name, wrong=f"cannot be read: {error.strerror}", remedy=REMEDY)
        return
    for file in differing(dict(stated), found):
        yield Damage(file=f"{name}/{file}", wrong=_how(file, stated, found), remedy=REMEDY)


def _how(file: str, stated: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if file not in found:
        return "is not there"
    if file not in stated:
        return "was added after the training"
    cut = stated[file][0] - found[file][0]
    return f"lacks {cut} bytes" if cut > 0 else "was changed"
