"""Finished runs -> the parts of a submission, from their ledgers alone and without a text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ftbench.archive.opening import opened
from ftbench.archive.rebuild import counted
from ftbench.digest import digest
from ftbench.records import Question
from ftbench.stages.folder import RunFolder
from ftbench.stages.judge_cards import cards_of
from ftbench.stages.panel import judges_of, of_harm
from ftbench.stages.result import result_of
from ftbench.stages.score import Scored
from ftbench.stages.sheet import Place, stated_sheets
from ftbench.stages.sheet import Sheet as AskedSheet
from ftbench.stages.tally import JudgedPrompt, Tally
from ftbench.statistics.result import RunResult

from .schema import Prompt, Run, Sheet, Verdicts
from .seals import judged_places, prompt_set, response_digest, seals, text_digest
from .words import one_line

OF_BACKENDS = ("precision", "max_length", "engine")
"""The options of a backend that say how something was measured; others say where, and for whom."""
WHERE = ("url", "endpoint", "key", "token", "account")
"""Options with such a part in their name say where somebody's service is, not what it did."""
PATHS = ("path", "file", "folder", "family_data", "policy")
"""Options that name a file of the user's: its last name is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One run as it is submitted, and the prompts it was asked."""

    run: Run
    prompts: Sequence[Prompt]


def submitted(folder: Path) -> Submitted:
    """One finished run. Raises UsageError for no run, StorageError where it is not finished."""
    with opened(folder) as run:
        found = counted(run)
        result = result_of(run, found)
        sheets = stated_sheets(run.ledger)
        prompts = _prompts(sheets)
        about = _about(result, run, prompts)
        made = [_sheet(run, sheet, found, prompts) for sheet in sheets]
        sealed = [
            sheet.model_copy(update={"seals": _seals(result, sheet, prompts)}) for sheet in made
        ]
        return Submitted(run=Run.model_validate({**about, "sheets": sealed}), prompts=prompts)


def _seals(result: RunResult, sheet: Sheet, prompts: Sequence[Prompt]) -> list[str]:
    asked = _asked(prompts, sheet.only)
    return seals(str(result.record["plan"]), sheet, asked, judged_places(asked))


def _asked(prompts: Sequence[Prompt], only: str) -> list[Prompt]:
    return [one for one in prompts if only == "all" or one.measures == "utility"]


def _prompts(sheets: Sequence[AskedSheet]) -> list[Prompt]:
    """Every prompt of a run, in the order of its first sheet."""
    questions: dict[Place, Question] = {}
    for sheet in sheets:
        for place, entry in sheet.entries.items():
            questions.setdefault(place, entry.question)
    return [
        Prompt(
            key=question.key,
            task=task,
            document=document,
            number=number,
            category=question.category,
            measures=question.measures,
        )
        for (task, document, number), question in questions.items()
    ]


def _about(result: RunResult, run: RunFolder, prompts: Sequence[Prompt]) -> dict[str, Any]:
    record = result.record
    tune = record.get("finetune") or {}
    judges = judges_of(run.ledger)
    cards = cards_of(judges, run.path.resolve().parent)  # also those made after the run
    return {
        "run": result.run,
        "seed": record["seed"],
        "plan": record["plan"],
        "started": record["started"],
        "outcome": result.outcome,
        "model": {name: one_line(value) for name, value in record["model"].items()},
        "tuned": [
            {"epoch": one["epoch"], "digest": one["digest"]} for one in tune.get("models", [])
        ],
        "components": _components(record["components"], run.ledger.fact("composed") or {}),
        "judges": {
            name: {"identity": digest(who), "card": _card(cards.get(name))}
            for name, who in judges.items()
            if name in of_harm(judges)
        },
        "prompt_set": prompt_set(prompts),
        "limit": record["limit"],
        "training_rows": record["training_rows"],
        "training_set": record["training_set"],
        "recipe": {name: one_line(value) for name, value in result.recipe.items()},
        "applied": {name: one_line(value) for name, value in tune.get("applied", {}).items()},
        "findings": {one["kind"]: one["share"] for one in record["findings"]},
        "choices": {name: one_line(value) for name, value in result.choices.items()},
        "versions": {**record["versions"], "python": record["python"]},
        "hardware": {"platform": record["platform"], **_device(tune.get("applied", {}))},
        "seconds": {name: float(value) for name, value in record["seconds"].items()},
        "dollars": float(record.get("dollars", 0)),
    }


def _device(applied: Mapping[str, str]) -> dict[str, str]:
    return {name: applied[name] for name in ("device", "precision") if name in applied}


def _card(card: Mapping[str, Any] | None) -> dict[str, Any] | None:
    wanted = ("digest", "verdict", "date", "weighted_kappa", "canaries")
    return {name: card[name] for name in wanted} if card else None


def _components(
    named: Sequence[Mapping[str, Any]], composed: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Who acted, each with its options; of a path only the last name, for it is the user's own."""
    return [{**one, "settings": _settings(one, composed)} for one in named]


def _settings(one: Mapping[str, Any], composed: Mapping[str, Any]) -> dict[str, str]:
    role = str(one["role"])
    options = composed.get(role) or {}
    if role == "method":
        options = (composed.get("finetune") or {}).get("method") or {}
    elif role in ("judge", "defense", "audit"):
        options = next((o for name, o in options.items() if name == one["name"]), {}) or {}
    wanted = OF_BACKENDS if role == "backend" else tuple(options)
    return {
        name: _shown(name, value)
        for name, value in options.items()
        if value is not None and name in wanted and not set(name.split("_")) & set(WHERE)
    }


def _shown(name: str, value: Any) -> str:
    """An option as everybody may read it."""
    if "secret" in name:
        return "(kept secret)"
    text = str(value)
    is_path = isinstance(value, str) and (name in PATHS or PurePath(text).is_absolute())
    return one_line(PurePath(text.replace("\\", "/")).name if is_path or "\\" in text else text)


def _sheet(run: RunFolder, sheet: AskedSheet, found: Tally, prompts: Sequence[Prompt]) -> Sheet:
    responses = run.ledger.all("response")
    mine = [one for one in found.scored if one.sheet.name == sheet.name]
    only = "all" if len(sheet.entries) == len(prompts) else "utility"
    asked = _asked(prompts, only)
    entries = [sheet.entries[one.task, one.document, one.number] for one in asked]
    judged = [_place(one) for one in asked if one.measures != "utility"]
    documents = dict.fromkeys(
        (one.task, one.document, 0) for one in prompts if one.measures == "utility"
    )
    cells = {(one.judge, one.place): one for one in found.prompts if one.sheet is sheet} or {
        (one.judge, one.place): one for one in found.prompts if one.sheet.name == sheet.name
    }
    return Sheet(
        subject=sheet.subject,  # type: ignore[arg-type]
        checkpoint=sheet.checkpoint,
        probe=sheet.probe,
        only=only,  # type: ignore[arg-type]
        responses=[response_digest(e.key, responses[e.key].text) for e in entries],
        texts=[text_digest(e.question.key, responses[e.key].text) for e in entries],
        outcomes=[responses[entry.key].outcome for entry in entries],
        seals=[],
        utility=[mine[0].values["utility"].get(place) for place in documents],
        incoherent=list(_incoherent(mine[0].judge, cells, judged)),
        verdicts=[_verdicts(one, cells, judged) for one in mine] if judged else [],
    )


def _place(prompt: Prompt) -> Place:
    return (prompt.task, prompt.document, prompt.number)


_Cells = Mapping[tuple[str, Place], JudgedPrompt]


def _incoherent(judge: str, cells: _Cells, judged: Sequence[Place]) -> Iterator[bool | None]:
    for place in judged:
        measures = cells[judge, place].measures
        yield measures.is_incoherent if measures else None


def _verdicts(one: Scored, cells: _Cells, judged: Sequence[Place]) -> Verdicts:
    verdicts = [cells[one.judge, place].verdict for place in judged]
    return Verdicts(
        judge=one.judge,
        outcomes=[verdict.outcome if verdict else None for verdict in verdicts],
        classes=[one.classes.get(place) for place in judged],
        columns={
            name: [values.get(place) for place in judged]
            for name, values in sorted(one.values.items())
            if name != "utility"
        },
    )
