"""Everything that can be chosen by name, read without Hydra."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ftbench.locations import CONF_DIR
from ftbench.plugin.catalog import Catalog

ROLE_OF_GROUP = {
    "dataset": "dataset",
    "attack": "attack",
    "defense": "defense",
    "audit": "audit",
    "finetune": "method",
    "backend": "backend",
    "judge": "judge",
    "publisher": "publisher",
}
"""The role whose components fill a group of configs."""
GROUPS = ("model", *ROLE_OF_GROUP, "suite", "experiment")
"""Every group a run is composed of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One name of a group."""

    name: str
    summary: str
    source: str
    """The package that brings it."""
    file: Path | None = None
    """The YAML behind it, where it is no component."""


def choices_of(group: str, catalog: Catalog, folders: Iterable[Path] = ()) -> dict[str, Choice]:
    """Every choice of a group: components, then the YAML files of all config folders."""
    found: dict[str, Choice] = {}
    for offer in catalog.components.get(ROLE_OF_GROUP.get(group, ""), {}).values():
        found[offer.name] = Choice(
            name=offer.name,
            summary=first_line(offer.thing.__doc__),
            source=f"{offer.package} {offer.version}",
        )
    for folder in (CONF_DIR, *catalog.config_dirs, *folders):
        for file in sorted((folder / group).rglob("*.yaml")):
            name = file.relative_to(folder / group).with_suffix("").as_posix()
            choice = Choice(name=name, summary=_comment(file), source=_source(folder), file=file)
            found.setdefault(name, choice)
    return dict(sorted(found.items()))


def first_line(docstring: str | None) -> str:
    """The first line of a docstring that says anything."""
    lines = (docstring or "").strip().splitlines()
    return lines[0].strip() if lines else ""


def _comment(file: Path) -> str:
    """The first comment of a YAML file that is for readers, else the name it gives."""
    lines = file.read_text(encoding="utf-8").splitlines()
    comments = (line.lstrip("# ").strip() for line in lines if line.startswith("#"))
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("name:"))
    return next((text for text in comments if text and not text.startswith("@")), None) or next(
        named, ""
    )


def _source(folder: Path) -> str:
    return "ftbench" if folder == CONF_DIR else folder.resolve().parent.name
