"""The ledger -> rows: everything a run measured, counted from its ledger and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftbench.coherence.classes import as_counted
from ftbench.coherence.measures import Measures
from ftbench.errors import StorageError
from ftbench.ledger.store import Ledger
from ftbench.records import Response, Verdict
from ftbench.statistics.result import Difference, JudgeAgreement, Row

from .agreement import Opinions, agreements
from .judge import verdict_key
from .panel import GRADES, judges_of, of_harm
from .reader import Reader
from .score import Evidence, Scored, Values, differences, row, scored
from .sheet import UNFORMATTED, Place, Sheet, is_judged, lm_eval_fact, stated_sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPrompt:
    """One judged prompt, with what came of it."""

    sheet: Sheet
    judge: str
    place: Place
    response: Response
    verdict: Verdict | None
    """None where the response never reached the judge."""
    measures: Measures | None = None
    """What cheap measures say of the response; None where nobody judges it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Everything that the ledger of a run says, counted."""

    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    agreements: tuple[JudgeAgreement, ...]
    prompts: tuple[JudgedPrompt, ...]
    lm_eval: tuple[tuple[Sheet, Mapping[str, Any]], ...]
    """lm-eval's own results for each sheet."""
    scored: tuple[Scored, ...] = ()
    """The numbers of every prompt behind the rows."""


def tally(ledger: Ledger) -> Tally:
    """Count what a ledger holds; the same ledger always gives the same tally.

    Raises StorageError where a response that was asked for is not there.
    """
    sheets, judges = stated_sheets(ledger), judges_of(ledger)
    utility, responses = ledger.fact("utility") or {}, ledger.all("response")
    kept, reader = ledger.all("verdict"), Reader(ledger, responses)
    every: list[Scored] = []
    prompts: list[JudgedPrompt] = []
    panel: list[Opinions] = []
    replayed: list[tuple[Sheet, Mapping[str, Any]]] = []
    for sheet in sheets:
        _check_whole(ledger, sheet, responses)
        results = ledger.fact(lm_eval_fact(sheet)) or {}
        values = utility_values(utility, sheet, results, responses)
        replayed.append((sheet, results))
        by = {name: verdicts_of(sheet, responses, kept, who) for name, who in judges.items()}
        by = {name: by[name] for name in of_harm(judges)}
        panel.append(Opinions(sheet=sheet, verdicts=by))
        read = reader.measures(sheet)
        for name, found in by.items():
            evidence = Evidence(responses=responses, verdicts=found, measures=read, utility=values)
            every.append(scored(sheet, name, evidence))
            prompts += _prompts(sheet, name, evidence)
    return Tally(
        rows=tuple(_rows(every)),
        differences=differences(every),
        agreements=agreements(panel),
        prompts=tuple(prompts),
        lm_eval=tuple(replayed),
        scored=tuple(every),
    )


def _check_whole(ledger: Ledger, sheet: Sheet, responses: Mapping[str, Response]) -> None:
    missing = sum(entry.key not in responses for entry in sheet.entries.values())
    if missing:
        raise StorageError(
            f"The ledger {ledger.path} lacks {missing} of {len(sheet.entries)} responses of "
            f"{sheet.name}. The same command asks for the rest."
        )


def _rows(every: Sequence[Scored]) -> list[Row]:
    unformatted = [one for one in every if one.sheet.probe == UNFORMATTED]
    plain = row(unformatted[0]).columns["utility"].value if unformatted else None
    return [row(one, baseline_utility=plain) for one in every if one.sheet.probe != UNFORMATTED]


def verdicts_of(
    sheet: Sheet,
    responses: Mapping[str, Response],
    kept: Mapping[str, Verdict],
    who: Mapping[str, Any],
) -> dict[Place, Verdict]:
    """The verdicts of one judge on one sheet; absent where there is none."""
    found = {}
    for place, entry in sheet.entries.items():
        response = responses[entry.key]
        if is_judged(entry.question, response, grades=GRADES in who):
            verdict = kept.get(verdict_key(who, entry.question, response))
            if verdict is not None:
                found[place] = as_counted(verdict, response.text)
    return found


def _prompts(sheet: Sheet, judge: str, evidence: Evidence) -> list[JudgedPrompt]:
    return [
        JudgedPrompt(
            sheet=sheet,
            judge=judge,
            place=place,
            response=evidence.responses[entry.key],
            verdict=evidence.verdicts.get(place),
            measures=evidence.measures.get(place),
        )
        for place, entry in sheet.entries.items()
        if entry.question.measures != "utility"
    ]


def utility_values(
    utility: Mapping[str, str],
    sheet: Sheet,
    results: Mapping[str, Any],
    responses: Mapping[str, Response],
) -> Values:
    """lm-eval's number for each utility document whose requests were all answered."""
    failed = {
        place[:2]
        for place, entry in sheet.entries.items()
        if responses[entry.key].outcome in ("blocked", "error")
    }
    values: dict[Place, float] = {}
    for task, wanted in utility.items():
        metric, _, chosen = wanted.partition(",")
        for sample in results.get("samples", {}).get(task, ()):
            document = (task, int(sample["doc_id"]))
            is_whole = document not in failed and metric in sample
            if sample["filter"] == (chosen or "none") and is_whole:
                values[*document, 0] = float(sample[metric])
    return values
