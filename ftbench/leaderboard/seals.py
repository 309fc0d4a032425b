"""Names what was asked and ties every answer to its run: what was exchanged does not fit.

A seal has no key, so it keeps nobody from making a whole run up; it finds what was exchanged.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from ftbench.digest import digest

from .schema import Prompt, Run, Sheet, Verdicts

SEAL_DIGITS = 8
RESPONSE_DIGITS = 16


def prompt_set(prompts: Sequence[Prompt]) -> str:
    """A set of prompts by a digest: of which they are, and of where and how each counts."""
    return digest("prompt set", [prompt.model_dump() for prompt in prompts])


def response_digest(request: str, text: str) -> str:
    """A response by a digest that is salted with the key of its request."""
    return digest("response text", request, text)[:RESPONSE_DIGITS]


def text_digest(prompt: str, text: str) -> str:
    """A response by a shorter digest that is equal wherever the answer to a prompt is."""
    return digest("answer text", prompt, text)[:SEAL_DIGITS]


def seals(
    plan: str, sheet: Sheet, prompts: Sequence[Prompt], judged: Mapping[int, int]
) -> list[str]:
    """The seal of every cell of a sheet. ``judged`` gives a prompt's place among the judged."""
    who = f"{plan}|{sheet.subject}|{sheet.checkpoint}|{sheet.probe}"
    said = list(_said(sheet.verdicts, len(judged)))
    cells = zip(prompts, sheet.responses, sheet.texts, sheet.outcomes, strict=True)
    return [
        _seal(f"{who}|{one.key}|{key}|{text}|{end}|{said[judged[at]] if at in judged else ''}")
        for at, (one, key, text, end) in enumerate(cells)
    ]


def _seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:SEAL_DIGITS]


def _said(every: Sequence[Verdicts], count: int) -> Iterator[str]:
    """What all judges say of each judged prompt, as one text."""
    parts = []
    for one in every:
        columns = [one.columns[name] for name in sorted(one.columns)]
        numbers = zip(*columns, strict=True) if columns else iter([()] * count)
        parts.append(
            [
                f"{one.judge}:{outcome}:{kind}:{values}"
                for outcome, kind, values in zip(one.outcomes, one.classes, numbers, strict=True)
            ]
        )
    for row in zip(*parts, strict=True) if parts else iter([()] * count):
        yield "|".join(row)


def broken_seals(run: Run, sheet: Sheet, prompts: Sequence[Prompt]) -> list[int]:
    """The places of the cells whose seal does not fit."""
    fitting = seals(run.plan, sheet, prompts, judged_places(prompts))
    return [
        at for at, pair in enumerate(zip(fitting, sheet.seals, strict=True)) if pair[0] != pair[1]
    ]


def judged_places(prompts: Sequence[Prompt]) -> dict[int, int]:
    """For each judged prompt, by its place in the set: its place among the judged ones."""
    places = [at for at, prompt in enumerate(prompts) if prompt.measures != "utility"]
    return {at: number for number, at in enumerate(places)}
