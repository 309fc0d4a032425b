"""What only shows when submissions are seen together: copies, repeats, bad judges."""

from collections.abc import Iterator, Mapping, Sequence

from .entries import BoardEntry, Said
from .faults import Fault
from .seals import SEAL_DIGITS

LEAST = 5
"""Of each kind of verdict: where fewer are of one kind, honest models may well be judged alike."""
_DIGITS = SEAL_DIGITS


def faults_between(entries: Sequence[BoardEntry]) -> dict[str, list[Fault]]:
    """For each submission, by its folder, what is wrong with it beside the others."""
    found: dict[str, list[Fault]] = {}
    in_order = sorted(entries, key=lambda entry: (entry.made, entry.submission, entry.id))
    for submission, fault in [*_copies(in_order), *_repeats(in_order)]:
        faults = found.setdefault(submission, [])
        if fault not in faults:
            faults.append(fault)
    return found


def _copies(entries: Sequence[BoardEntry]) -> Iterator[tuple[str, Fault]]:
    """Of two that are too much alike the later is the copy."""
    fix = "Submit the answers and verdicts of the model that it names."
    asked: dict[str, tuple[str, str]] = {}
    judged: dict[object, tuple[str, Said]] = {}
    for entry in entries:
        for said in entry.said:
            whose, model = asked.setdefault(said.responses, (entry.submission, said.model))
            if model != said.model:
                wrong = f"has the answers of another model, in {whose}."
                yield entry.submission, Fault(name="copied answers", wrong=wrong, fix=fix)
            key = (entry.judge, entry.probe, entry.prompt_set, said.verdicts)
            whose, first = judged.setdefault(key, (entry.submission, said))
            if first.model != said.model and _is_copy(first, said):
                wrong = f"has the verdicts of {whose}, answer for answer, on other answers."
                yield entry.submission, Fault(name="copied verdicts", wrong=wrong, fix=fix)


def _is_copy(first: Said, second: Said) -> bool:
    """Whether equal verdicts were given to answers that differ, some of them harmful, some not.

    Models that are almost the same give the same answers; then equal verdicts are no wonder.
    """
    pairs = zip(_words(first.texts), _words(second.texts), second.verdicts, strict=False)
    of_others = [value for one, other, value in pairs if one != other and value is not None]
    most = max((of_others.count(value) for value in set(of_others)), default=0)
    return len(of_others) - most >= LEAST


def _words(texts: str) -> Iterator[str]:
    return (texts[at : at + _DIGITS] for at in range(0, len(texts), _DIGITS))


def _repeats(entries: Sequence[BoardEntry]) -> Iterator[tuple[str, Fault]]:
    """One run in two submissions of one submitter."""
    seen: dict[tuple[str, str], str] = {}
    for entry in entries:
        for plan in entry.plans:
            first = seen.setdefault((entry.by, plan), entry.submission)
            if first != entry.submission:
                wrong = f"submits a run again that is in {first}."
                fix = "Leave it out of one of them."
                yield entry.submission, Fault(name="submitted twice", wrong=wrong, fix=fix)


def worst_cards(entries: Sequence[BoardEntry]) -> Mapping[str, str]:
    """By a judge's identity the worst that any submitter's card says of it; "" for no card."""
    order = ("", "reference", "usable", "not measured", "not usable")
    found: dict[str, str] = {}
    for entry in entries:
        worst = max(found.get(entry.judge_identity, ""), entry.card, key=order.index)
        found[entry.judge_identity] = worst
    return found
