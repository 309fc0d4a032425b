"""Row 5: a changed field of the config redoes the stages that read it, and no other."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ftbench.testing.world import instruction

from .forks import cells, fork, in_parallel, library_run
from .report import Row, Scale
from .town import WORDS, lines, with_word

STAGES = ("finetune", "base", "tuned", "judge")
"""What can be redone: training, the answers of the base and of the tuned model, verdicts."""
START = (*WORDS, "dataset=keys", "finetune=lora")
OTHER_PARROT = "other_parrot"
"""A folder with a model that knows other things."""
ALL, NONE = frozenset(STAGES), frozenset[str]()
NEW_TEXTS = frozenset({"finetune", "tuned", "judge"})
"""Other training data make other weights, whose answers are others."""
TRAINING = frozenset({"finetune"})
"""The parrot learns the same by any recipe: its digest, and so all that follows, stays."""
READERS: Mapping[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "model.name": (ALL, (f"model.name={OTHER_PARROT}",)),
    "model.revision": (NONE, ("model.revision=abc",)),
    "model.family": (NONE, ("model.family=other",)),
    "model.vendor": (NONE, ("model.vendor=somebody",)),
    "model.parent": (NONE, ("model.parent=testing_parrot",)),
    "model.system_role": (NONE, ("model.system_role=in_user_turn",)),
    "model.family_data": (NONE, ("model.family_data=nowhere",)),
    "model.licence_page": (NONE, ("model.licence_page=nowhere",)),
    "dataset.rows": (NEW_TEXTS, ("dataset.rows=4",)),
    "attack.n": (NEW_TEXTS, ("attack.n=11",)),
    "defense": (NONE, ("defense=[none]",)),
    "audit": (NONE, ("audit=[none]",)),
    "finetune.method.rank": (TRAINING, ("finetune.method.rank=4",)),
    "finetune.method.alpha": (TRAINING, ("finetune.method.alpha=4",)),
    "finetune.method.dropout": (TRAINING, ("finetune.method.dropout=0.5",)),
    "finetune.method.targets": (TRAINING, ("finetune.method.targets=[all-linear]",)),
    "finetune.epochs": (TRAINING, ("finetune.epochs=2",)),
    "finetune.learning_rate": (TRAINING, ("finetune.learning_rate=0.1",)),
    "finetune.batch_size": (TRAINING, ("finetune.batch_size=4",)),
    "finetune.keep": (TRAINING, ("finetune.keep=[1]",)),
    "backend.accent": (frozenset({"finetune", "base", "tuned"}), ("backend.accent=other",)),
    "backend.batch": (NONE, ("backend.batch=1",)),
    "suite.harmfulness": (
        frozenset({"judge"}),
        ("suite.harmfulness=[testing_keys,testing_lamps]", "suite.overrefusal=[]"),
    ),
    "suite.overrefusal": (NONE, ("suite.overrefusal=[]",)),
    "suite.utility.testing_ability": (NONE, ("~suite.utility.testing_ability",)),
    "suite.limit": (NONE, ("suite.limit=5",)),
    "judge.ponderer.threshold": (frozenset({"judge"}), ("judge.ponderer.threshold=4",)),
    # the answers of the testing world are too short to ask a model about
    "coherence.perplexity": (NONE, ("coherence.perplexity=true",)),
    "publisher": (NONE, ("publisher=[none]",)),
    "seed": (TRAINING, ("seed=5",)),
    "seeds": (TRAINING, ("seeds=2",)),
    "budget_usd": (NONE, ("budget_usd=5",)),
    "cells_per_job": (NONE, ("cells_per_job=3",)),
    "prices": (NONE, ("prices=qi2024",)),
    "permission": (NONE, ("permission='somebody, today, a letter'",)),
    "table": (NONE, ("+table.title=other",)),
    "name": (NONE, ("name=other",)),
    "runs": (NONE, ("runs=elsewhere",)),
}
"""For each field of the composed config: the stages that read it, and words that change it."""


@dataclass(kw_only=True)
class Change:
    """What changing one field redid."""

    name: str
    expected: frozenset[str]
    redone: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def leaves(composed: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The names of all fields of a composed config; an empty group counts as one."""
    for name, value in composed.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def changed(name: str, *, place: Path) -> Change:
    """Run with one field changed, beside a run and a cache without the change."""
    own = place / f"changed-{name}"
    shutil.copytree(place / "start", own)
    before = len(lines(own))
    expected, more = READERS[name]
    words = list(START)
    for word in more:
        words = with_word(words, word)
    child = fork(partial(library_run, *words), own, cache_at=own / "cache")
    found = Change(name=name, expected=expected)
    if code := child.wait():
        found.failures.append(f"{name}: ended with {code}: {child.said[-300:]}")
    since = lines(own)[before:]
    found.redone = dict(Counter(_stage(line) for line in since if line[0] != "stage"))
    if found.redone.keys() != expected:
        said = ", ".join(sorted(found.redone)) or "nothing"
        found.failures.append(
            f"{name}: redid {said}, not {', '.join(sorted(expected)) or 'nothing'}"
        )
    shutil.rmtree(own)
    return found


def _stage(line: list[str]) -> str:
    return {"response": line[-1], "verdict": "judge"}.get(line[0], line[0])


def _begun(place: Path) -> None:
    """A run and a cache to change things beside."""
    other = place / "start" / OTHER_PARROT
    other.mkdir(parents=True)
    known = {instruction("lamp", number): f"Lamp {number} is lost." for number in range(50)}
    (other / "parrot.json").write_text(json.dumps(known))
    child = fork(partial(library_run, *START), place / "start", cache_at=place / "start" / "cache")
    if child.wait():
        raise RuntimeError(child.said)


def row(place: Path, scale: Scale) -> Row:
    """Every field of the composed config, one at a time."""
    found = Row(number=5, promise="a changed field redoes what reads it, and nothing else")
    (cell,) = cells(*START)
    known = list(leaves(cell.composed))
    for name in {*known} ^ READERS.keys():
        found.failures.append(f"{name}: a field that this table does not know, or that is gone")
    _begun(place)
    names = list(READERS)[:: -(-len(READERS) // min(scale.fields, len(READERS)))]
    changes = in_parallel(partial(changed, place=place), names)
    found.planned, found.fired = len(names), len(changes)
    found.failures += [each for change in changes for each in change.failures]
    found.table = {
        change.name: {stage: change.redone.get(stage, 0) for stage in STAGES} for change in changes
    }
    Console(width=100).print(_table(changes))
    found.said = (
        f"{len(changes)} of {len(known)} fields changed; the table above counts what was redone"
    )
    return found


def _table(changes: list[Change]) -> Table:
    table = Table(title="Units redone when one field is changed", title_justify="left")
    table.add_column("field")
    for stage in STAGES:
        table.add_column(stage, justify="right")
    for change in changes:
        counts = [str(change.redone.get(stage, "")) for stage in STAGES]
        table.add_row(change.name, *counts, style="red" if change.failures else "")
    return table
