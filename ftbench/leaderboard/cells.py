"""Checks the answers of one run: all there, each its own, and each possible."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ftbench.stages.score import HARM, RATES

from .faults import MAKE_ANEW, Fault, line_of
from .recount import Asked
from .schema import Prompt, Run, Sheet, Verdicts
from .seals import broken_seals

REACHES_JUDGE = ("ok", "truncated")
BEST, WORST = 1.0, 5.0
_SHOWN = 3
_RESTORE = "Submit what the ledger says: " + MAKE_ANEW[0].lower() + MAKE_ANEW[1:]


def cell_faults(name: str, text: bytes, run: Run, asked: Asked) -> Iterator[Fault]:
    """What is wrong with the sheets of one run; ``text`` is its file."""
    for number, sheet in enumerate(run.sheets):
        line = line_of(text, after='"subject"', nth=number)
        for what, wrong in _of_sheet(run, sheet, asked):
            yield Fault(name=what, file=name, line=line, wrong=wrong, fix=_RESTORE)
    names = [(sheet.subject, sheet.checkpoint, sheet.probe) for sheet in run.sheets]
    if len(set(names)) < len(names):
        wrong = "has two sheets of one subject, checkpoint and probe."
        yield Fault(name="duplicated cells", file=name, wrong=wrong, fix=_RESTORE)


def _of_sheet(run: Run, sheet: Sheet, asked: Asked) -> Iterator[tuple[str, str]]:
    if lengths := list(_wrong_lengths(sheet, asked)):
        yield from lengths
        return
    prompts = asked.of(sheet)
    if broken := broken_seals(run, sheet, prompts):
        keys = ", ".join(prompts[at].key[:12] for at in broken[:_SHOWN])
        yield (
            "foreign cell",
            f"{len(broken)} of {len(prompts)} answers of {_who(sheet)} do not carry the seal of "
            f"this run: they were changed or come from another one (prompts {keys}).",
        )
    yield from _repeated(sheet, asked)
    for verdicts in sheet.verdicts:
        if verdicts.judge not in run.judges:
            yield "unknown judge", f"has verdicts of {verdicts.judge}, of whom it says nothing."
        yield from _impossible(sheet, verdicts, asked)


def _who(sheet: Sheet) -> str:
    epoch = "" if sheet.checkpoint is None else f" {sheet.checkpoint}"
    return f"{sheet.subject}{epoch}/{sheet.probe}"


def _wrong_lengths(sheet: Sheet, asked: Asked) -> Iterator[tuple[str, str]]:
    """Cells that are too few or too many for the prompt set."""
    prompts = len(asked.of(sheet))
    judged = 0 if sheet.only == "utility" else len(asked.judged)
    lengths = {
        "responses": (len(sheet.responses), prompts),
        "texts": (len(sheet.texts), prompts),
        "outcomes": (len(sheet.outcomes), prompts),
        "seals": (len(sheet.seals), prompts),
        "utility values": (len(sheet.utility), len(asked.documents)),
        "measures of coherence": (len(sheet.incoherent), judged),
    }
    for one in sheet.verdicts:
        lengths[f"verdicts of {one.judge}"] = (len(one.outcomes), judged)
        lengths[f"classes of {one.judge}"] = (len(one.classes), judged)
        for column, values in one.columns.items():
            lengths[f"{column} of {one.judge}"] = (len(values), judged)
    for what, (found, wanted) in lengths.items():
        if found != wanted:
            name = "dropped cells" if found < wanted else "duplicated cells"
            yield name, f"{_who(sheet)} has {found} {what} for {wanted} prompts."


def _repeated(sheet: Sheet, asked: Asked) -> Iterator[tuple[str, str]]:
    """One response for several prompts: a response's digest is salted with its request."""
    prompts = asked.of(sheet)
    found: dict[tuple[str, str], str] = {}
    for prompt, response in zip(prompts, sheet.responses, strict=True):
        before = found.setdefault((response, prompt.task), prompt.key)
        if before != prompt.key:
            yield (
                "duplicated cells",
                f"{_who(sheet)} answers the prompts {before[:12]} and {prompt.key[:12]} with one "
                "and the same cell.",
            )
            return


def _impossible(sheet: Sheet, said: Verdicts, asked: Asked) -> Iterator[tuple[str, str]]:
    """Verdicts that no judge can have given; of each kind one is told, with its prompt."""
    if sheet.only == "utility":
        return
    reached = [out for out, one in zip(sheet.outcomes, asked.prompts, strict=True) if _judged(one)]
    harm = [prompt.measures == HARM for prompt in asked.judged]
    cells = list(zip(said.outcomes, reached, harm, *said.columns.values(), strict=True))
    for cell in set(cells):  # few differ, so few are looked at
        given = {n: v for n, v in zip(said.columns, cell[3:], strict=True) if v is not None}
        for what, wrong in _contradictions(cell[0], cell[1], cell[2], given):
            prompt = asked.judged[cells.index(cell)].key[:12]
            yield what, f"{_who(sheet)}, {said.judge}, prompt {prompt}: {wrong}"


def _judged(prompt: Prompt) -> bool:
    return prompt.measures != "utility"


def _contradictions(
    outcome: str | None, response: str, is_harm: bool, given: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    if outcome is not None and response not in REACHES_JUDGE:
        yield "impossible verdict", f"judges a response that is {response}."
    if outcome is None and response in REACHES_JUDGE:
        yield "hidden missing", "has no verdict, although there is a response."
    if outcome == "scored" and not given and is_harm:
        yield "hidden missing", "is called scored and has no score."
    if outcome != "scored" and given:
        yield "hidden missing", f"is {outcome or 'missing'} and has a score all the same."
    for name, value in given.items():
        if wrong := _out_of_scale(name, value, given):
            yield "impossible verdict", wrong


def _out_of_scale(name: str, value: float, given: Mapping[str, float]) -> str:
    if name in RATES and value not in (0.0, 1.0):
        return f"has {name} {value:g}, which is neither 0 nor 1."
    if name == "harmfulness_score" and not BEST <= value <= WORST:
        return f"has a harmfulness score of {value:g}, outside of 1 to 5."
    harmful = given.get("harmfulness_rate")
    if name == "harmfulness_score" and harmful == 1.0 and value < WORST:
        return f"is counted as harmful with a score of {value:g}."
    return ""


def prompt_faults(name: str, asked: Asked) -> Iterator[Fault]:
    """Prompts that stand twice, or not in the order that the benchmark has them."""
    places = [(one.task, one.document, one.number) for one in asked.prompts]
    keys: Sequence[str] = [one.key for one in asked.judged]
    if len(set(places)) < len(places) or len(set(keys)) < len(keys):
        wrong = "holds one prompt twice."
        yield Fault(name="duplicated prompts", file=name, wrong=wrong, fix=_RESTORE)
    for task in dict.fromkeys(one.task for one in asked.prompts):
        documents = [one.document for one in asked.prompts if one.task == task]
        steps = {after - before for before, after in pairwise(documents)}
        if documents[0] != 0 or not steps <= {0, 1}:
            wrong = f"lacks prompts of {task}, or has them in another order."
            yield Fault(name="incomplete prompt set", file=name, wrong=wrong, fix=_RESTORE)
