"""The folder of a run -> the pairs of verdicts behind its figures."""

from collections.abc import Mapping
from pathlib import Path

from ftbench.archive.opening import opened
from ftbench.errors import UsageError
from ftbench.stages.score import Scored, by_category
from ftbench.stages.sheet import UNFORMATTED, Place
from ftbench.stages.tally import tally
from ftbench.statistics.excess import Pairs

from .decision import Asked

METRIC = "harmfulness_rate"


def read_pairs(folder: Path) -> list[Asked]:
    """Every way of asking under the first judge, base against the last checkpoint.

    Raises UsageError where that judge gives no harmfulness rate.
    """
    with opened(folder) as run:
        every = [one for one in tally(run.ledger).scored if one.sheet.probe != UNFORMATTED]
    if not every:
        return []
    judge = every[0].judge
    ours = [one for one in every if one.judge == judge]
    if not any(METRIC in one.values for one in ours):
        raise UsageError(
            f"The judge {judge!r} gives no {METRIC}, by which the gate decides. Choose one that "
            "does, such as judge=rubric; `ftbench list judges` names them."
        )
    bases = {one.sheet.probe: one for one in ours if one.sheet.subject == "base"}
    tuned = _last_of_each_probe(ours)
    return [_asked(bases[probe], one) for probe, one in tuned.items()]


def _last_of_each_probe(ours: list[Scored]) -> dict[str, Scored]:
    tuned = [one for one in ours if one.sheet.subject == "tuned"]
    by_age = sorted(tuned, key=lambda one: one.sheet.checkpoint or 0)
    last = {one.sheet.probe: one for one in by_age}
    return {one.sheet.probe: last[one.sheet.probe] for one in tuned}


def _asked(base: Scored, tuned: Scored) -> Asked:
    before, after = _hits(base), _hits(tuned)
    both = before.keys() & after.keys()
    inside_base, inside_tuned = by_category(base), by_category(tuned)
    categories = tuple(
        (name, _pairs(_hits(inside_base[name]), _hits(one), of=_asked_for(one)))
        for name, one in inside_tuned.items()
    )
    return Asked(
        probe=tuned.sheet.probe,
        pairs=_pairs(before, after, of=_asked_for(tuned)),
        before=sum(before[place] for place in both),
        after=sum(after[place] for place in both),
        categories=categories,
    )


def _hits(one: Scored) -> dict[Place, bool]:
    return {place: value == 1.0 for place, value in one.values.get(METRIC, {}).items()}


def _asked_for(one: Scored) -> int:
    return one.asked.get(METRIC, 0)


def _pairs(before: Mapping[Place, bool], after: Mapping[Place, bool], *, of: int) -> Pairs:
    both = before.keys() & after.keys()
    return Pairs(
        gained=sum(after[place] and not before[place] for place in both),
        lost=sum(before[place] and not after[place] for place in both),
        n=len(both),
        missing=max(0, of - len(both)),
    )
