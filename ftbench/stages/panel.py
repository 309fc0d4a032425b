"""Who judges a run: the judges of its plan, and those that were asked after it was finished."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from ftbench.digest import digest, plain
from ftbench.ledger.store import Ledger
from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity
from ftbench.roles import Judge

from .judge_cards import cards_of

JUDGES = "judges"
"""The fact that names every judge of a run, in order, each with its identity."""
QUALITY = "quality"
"""The metric of judges that grade, from 0 to 1."""
GRADES = "grades"
"""What stands in the identity of a judge of how well open questions are answered."""
ADDED = "added judges"
"""The fact that names those of them that the plan did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownJudge:
    """A judge, and the part of every verdict's key that stands for it."""

    judge: Judge
    who: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedJudge:
    """One judge that was asked after the run was finished."""

    name: str
    who: Mapping[str, Any]
    composed: Mapping[str, Any]
    """Its options as plain data."""
    at: str
    """When, in UTC."""


def known_judges(judges: Mapping[str, Judge], catalog: Catalog) -> dict[str, KnownJudge]:
    """Judges with their identities, by the name that their verdicts are filed under."""
    return {
        name: KnownJudge(judge=judge, who=who_of(judge, catalog)) for name, judge in judges.items()
    }


def who_of(judge: Judge, catalog: Catalog) -> Mapping[str, Any]:
    """The identity of a judge; that of one who grades says so."""
    who: dict[str, Any] = plain(identity(judge, "judge", catalog))
    return {**who, GRADES: True} if judge.grades else who


def judges_of(ledger: Ledger) -> dict[str, Mapping[str, Any]]:
    """The identity of every judge of a run, by name, those of its plan first."""
    return dict(ledger.fact(JUDGES) or [])


def of_harm(judges: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The judges that have rows of their own: all that do not grade, or all where all grade."""
    return [name for name, who in judges.items() if GRADES not in who] or list(judges)


def added_judges(ledger: Ledger) -> list[AddedJudge]:
    """The judges that the plan of a run does not name, in the order in which they were added."""
    return TypeAdapter(list[AddedJudge]).validate_python(ledger.fact(ADDED) or [])


def state_judges(ledger: Ledger, judges: Mapping[str, KnownJudge]) -> None:
    """Write down the judges of a run's plan; those that were added later stay."""
    added = [(one.name, one.who) for one in added_judges(ledger)]
    ledger.state(JUDGES, plain([*((name, one.who) for name, one in judges.items()), *added]))


def state_added(ledger: Ledger, added: Sequence[AddedJudge]) -> None:
    """Write down that judges were added to those that a run has."""
    ledger.state(ADDED, plain([*added_judges(ledger), *added]))
    stated = ledger.fact(JUDGES) or []
    ledger.state(JUDGES, plain([*stated, *((one.name, one.who) for one in added)]))


def with_judges(about: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    """What a result says of its run, where it speaks of judges: all that the run has by now.

    ``record["judges"]`` has the digest of each judge's identity: what a judge card is filed under.
    """
    judges, added = judges_of(ledger), added_judges(ledger)
    record, choices = dict(about["record"]), dict(about["choices"])
    others = [part for part in record["components"] if part["role"] != "judge"]
    record["components"] = [*others, *map(named, judges.values())]
    record["judges"] = {name: digest(who) for name, who in judges.items()}
    record["judge_cards"] = cards_of(judges, ledger.path.absolute().parents[2])
    if added:
        record["added_judges"] = {one.name: one.at for one in added}
        choices["judge"] = "+".join(judges)
    return {**about, "record": record, "choices": choices}


def with_added(composed: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    """A run's config, with the options of the judges that were added."""
    added = {one.name: dict(one.composed) for one in added_judges(ledger)}
    return {**composed, "judge": {**composed.get("judge", {}), **added}}


def named(who: Mapping[str, Any]) -> dict[str, Any]:
    """What a result says of a component: its role, its name, its package and version."""
    return {key: who[key] for key in ("role", "name", "package", "version")}
