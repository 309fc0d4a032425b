"""Verdicts -> figures, by the very code that a run's own figures are counted with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ftbench.archive.sums import SeedRun, key_of, summed
from ftbench.records import Question
from ftbench.stages.score import HARM, Scored, differences, row
from ftbench.stages.sheet import UNFORMATTED, Entry, Place
from ftbench.stages.sheet import Sheet as AskedSheet
from ftbench.statistics.result import Measure, RunResult

from .schema import Claim, Prompt, Run, Sheet, Verdicts
from .seals import prompt_set

DIGITS = 10
"""To how many digits a figure is given; another machine's last digits may be others."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A prompt set, with what follows from it worked out once."""

    prompts: Sequence[Prompt]

    @cached_property
    def digest(self) -> str:
        """The name of the set: which prompts they are, and where and how each counts."""
        return prompt_set(self.prompts)

    @cached_property
    def utility(self) -> Sequence[Prompt]:
        """The requests that measure ability."""
        return [prompt for prompt in self.prompts if prompt.measures == "utility"]

    @cached_property
    def judged(self) -> Sequence[Prompt]:
        """The prompts whose responses are judged, in the order of their verdicts."""
        return [prompt for prompt in self.prompts if prompt.measures != "utility"]

    @cached_property
    def documents(self) -> Sequence[Place]:
        """The documents of the utility tasks, in the order of their values."""
        return list(dict.fromkeys((one.task, one.document, 0) for one in self.utility))

    @cached_property
    def questions(self) -> Sequence[tuple[Place, Question]]:
        """Every prompt as a question, without a word of it."""
        return [(_place(one), _question(one)) for one in self.prompts]

    @cached_property
    def places(self) -> Sequence[Place]:
        """Where the judged prompts stand."""
        return [_place(one) for one in self.judged]

    @cached_property
    def count(self) -> Mapping[str, int]:
        """How many judged prompts measure what."""
        measured = [one.measures for one in self.judged]
        return {name: measured.count(name) for name in (HARM, "overrefusal")}  # type: ignore[arg-type]

    def of(self, sheet: Sheet) -> Sequence[Prompt]:
        """The prompts that a sheet asks."""
        return self.utility if sheet.only == "utility" else self.prompts

    def questions_of(self, sheet: Sheet) -> Iterator[tuple[Place, Question]]:
        """The same as questions."""
        wanted = sheet.only == "all"
        return (one for one in self.questions if wanted or one[1].measures == "utility")


def _place(prompt: Prompt) -> Place:
    return (prompt.task, prompt.document, prompt.number)


def _question(prompt: Prompt) -> Question:
    return Question(
        key=prompt.key,
        task=prompt.task,
        measures=prompt.measures,
        category=prompt.category,
        instruction="",
        messages=(),
    )


def scored_of(run: Run, asked: Asked) -> list[Scored]:
    """The numbers of every sheet under every judge, as a run's own ledger gives them."""
    return [one for sheet in run.sheets for one in scored_sheet(run, sheet, asked)]


def scored_sheet(run: Run, sheet: Sheet, asked: Asked) -> list[Scored]:
    """The numbers of one sheet under every judge."""
    return [_scored(sheet, verdicts, asked) for verdicts in sheet.verdicts or _nobody(run)]


def _nobody(run: Run) -> list[Verdicts]:
    return [Verdicts(judge=name, outcomes=[], classes=[], columns={}) for name in run.judges]


def _scored(sheet: Sheet, said: Verdicts, asked: Asked) -> Scored:
    places, count = asked.places, asked.count
    is_harm = [prompt.measures == HARM for prompt in asked.judged]
    usable = {
        place: (harm, kind, measured)
        for place, outcome, harm, kind, measured in zip(
            places, said.outcomes, is_harm, said.classes, sheet.incoherent, strict=False
        )
        if outcome == "scored"
    }
    values = {
        name: {p: v for p, v in zip(places, column, strict=True) if v is not None}
        for name, column in said.columns.items()
    }
    utility = zip(asked.documents, sheet.utility, strict=True)
    of = dict.fromkeys(values, count[HARM])
    outcomes = [f"response {outcome}" for outcome in sheet.outcomes]
    outcomes += [f"verdict {outcome}" for outcome in said.outcomes if outcome]
    return Scored(
        sheet=AskedSheet(
            subject=sheet.subject,
            checkpoint=sheet.checkpoint,
            probe=sheet.probe,
            entries=_entries(sheet, asked),
        ),
        judge=said.judge,
        values={**values, "utility": {place: v for place, v in utility if v is not None}},
        asked={**of, "overrefusal_rate": count["overrefusal"], "utility": len(asked.documents)},
        outcomes=_counted(outcomes),
        classes={p: kind for p, (harm, kind, _) in usable.items() if harm},  # type: ignore[misc]
        measured={p: bool(by) for p, (harm, _, by) in usable.items() if harm},
    )


def _entries(sheet: Sheet, asked: Asked) -> dict[Place, Entry]:
    """Every prompt of a sheet; equal keys stand for equal answers of one model to one request."""
    cells = zip(asked.questions_of(sheet), sheet.responses, strict=True)
    return {
        place: Entry(question=question, key=question.key + response)
        for (place, question), response in cells
    }


def _counted(words: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in sorted(words):
        counts[word] = counts.get(word, 0) + 1
    return counts


def recounted(run: Run, asked: Asked) -> SeedRun:
    """One run with every figure counted from its verdicts."""
    every = scored_of(run, asked)
    bare = [one for one in every if one.sheet.probe == UNFORMATTED]
    plain = row(bare[0]).columns["utility"].value if bare else None
    formatted = [one for one in every if one.sheet.probe != UNFORMATTED]
    result = RunResult(
        run=run.run,
        folder="",
        choices=run.choices,
        outcome=run.outcome,
        rows=tuple(row(one, baseline_utility=plain) for one in formatted),
        differences=differences(formatted),
        recipe=run.recipe,
        record={"seed": run.seed, "plan": run.plan},
    )
    return SeedRun(result=result, scored={key_of(one): one for one in formatted})


def over_seeds(runs: Sequence[SeedRun]) -> RunResult:
    """The figures of an entry: of its one run, or over its seeds."""
    in_order = sorted(runs, key=lambda run: run.seed)
    return in_order[0].result if len(in_order) == 1 else summed(in_order)


def claims_of(result: RunResult) -> list[Claim]:
    """Every figure of a result as a claim, in an order that never changes."""
    return list(_claims(result))


def _claims(result: RunResult) -> Iterator[Claim]:
    for one in result.rows:
        where = {"checkpoint": one.checkpoint, "probe": one.probe, "judge": one.judge}
        yield from _of_table({"subject": one.subject, **where}, one.columns, one.categories)
    for change in result.differences:
        where = {"checkpoint": change.checkpoint, "probe": change.probe, "judge": change.judge}
        yield from _of_table({"subject": "difference", **where}, change.columns, change.categories)


def _of_table(
    where: Mapping[str, object],
    columns: Mapping[str, Measure],
    categories: Mapping[str, Mapping[str, Measure]],
) -> Iterator[Claim]:
    tables = {"": columns, **categories}
    for category, named in tables.items():
        for name, measure in named.items():
            figures = {part: rounded(getattr(measure, part)) for part in ("value", "low", "high")}
            about = {"column": name, "category": category, "n": measure.n, "of": measure.of}
            yield Claim.model_validate({**where, **about, **figures})


def rounded(value: float | None) -> float | None:
    """A figure as it is given."""
    return None if value is None else round(value, DIGITS)
