"""The ledger -> a run's result: lm-eval's files, the rows of the table, and what was recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftbench.plugin.catalog import Catalog
from ftbench.plugin.identity import identity
from ftbench.records import Response, Verdict
from ftbench.statistics.result import Difference, Row

from .folder import RunFolder
from .judge import is_judged, verdict_key
from .prepare import Plan
from .questions import Place
from .respond import UNFORMATTED, Sheet
from .score import Scored, Values, differences, row, scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Everything that the ledger of a run says, counted."""

    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    sheets: tuple[tuple[Sheet, Mapping[str, Any]], ...]
    """Each sheet with lm-eval's results for it."""
    verdicts: tuple[tuple[Sheet, str, Place, Response, Verdict | None], ...]
    """Every judged prompt: sheet, judge, place, response, and its verdict if there is one."""


def tally(plan: Plan, folder: RunFolder, asked: Sequence[Sheet], *, catalog: Catalog) -> Tally:
    """Count what the ledger holds; the same ledger always gives the same tally."""
    from .replay import replay  # noqa: PLC0415, slow to import

    responses = folder.ledger.all("response")
    kept = folder.ledger.all("verdict")
    who = {n: identity(j, "judge", catalog) for n, j in plan.cell.config.judge.items()}
    replayed: list[tuple[Sheet, Mapping[str, Any]]] = []
    every: list[Scored] = []
    table: list[tuple[Sheet, str, Place, Response, Verdict | None]] = []
    for sheet in asked:
        verdicts = {name: _verdicts(sheet, responses, kept, one) for name, one in who.items()}
        results = replay(plan.questionnaire, sheet, responses, verdicts)
        utility = utility_values(plan, sheet, results, responses)
        replayed.append((sheet, results))
        for name, found in verdicts.items():
            every.append(scored(sheet, name, responses=responses, verdicts=found, utility=utility))
            table += _judged_prompts(sheet, name, responses, found)
    return Tally(
        rows=tuple(_rows(every)),
        differences=differences(every),
        sheets=tuple(replayed),
        verdicts=tuple(table),
    )


def _rows(every: Sequence[Scored]) -> list[Row]:
    unformatted = [one for one in every if one.sheet.probe == UNFORMATTED]
    plain = row(unformatted[0]).columns["utility"].value if unformatted else None
    return [row(one, baseline_utility=plain) for one in every if one.sheet.probe != UNFORMATTED]


def _verdicts(
    sheet: Sheet,
    responses: Mapping[str, Response],
    kept: Mapping[str, Verdict],
    who: Mapping[str, Any],
) -> dict[Place, Verdict]:
    found = {}
    for place, request in sheet.requests.items():
        response = responses[request.key]
        if is_judged(request.question, response):
            verdict = kept.get(verdict_key(who, request.question, response))
            if verdict is not None:
                found[place] = verdict
    return found


def _judged_prompts(
    sheet: Sheet,
    judge: str,
    responses: Mapping[str, Response],
    verdicts: Mapping[Place, Verdict],
) -> list[tuple[Sheet, str, Place, Response, Verdict | None]]:
    return [
        (sheet, judge, place, responses[request.key], verdicts.get(place))
        for place, request in sheet.requests.items()
        if request.question.measures != "utility"
    ]


def utility_values(
    plan: Plan, sheet: Sheet, results: Mapping[str, Any], responses: Mapping[str, Response]
) -> Values:
    """lm-eval's number for each utility document whose requests were all answered."""
    from .lm_eval_tasks import leaves  # noqa: PLC0415, keeps lm-eval out of quick commands

    failed = {
        place[:2]
        for place, request in sheet.requests.items()
        if responses[request.key].outcome in ("blocked", "error")
    }
    values: dict[Place, float] = {}
    for name, wanted in plan.questionnaire.utility.items():
        metric, _, chosen = wanted.partition(",")
        for leaf in leaves(name, dict(plan.questionnaire.tasks)):
            for sample in results.get("samples", {}).get(leaf, ()):
                place = (leaf, int(sample["doc_id"]))
                if sample["filter"] == (chosen or "none") and place not in failed:
                    values[*place, 0] = float(sample[metric])
    return values
