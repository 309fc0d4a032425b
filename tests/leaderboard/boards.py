"""Board entries of any figures, for tests of ranks and pages."""

from dataclasses import replace
from functools import cache

from ftbench.leaderboard.board import board_of
from ftbench.leaderboard.entries import Said
from ftbench.leaderboard.examining import Examined, examine
from ftbench.leaderboard.rules import Rules
from ftbench.statistics.intervals import rate
from tests.submissions import _template

PROMPTS = 100


@cache
def pattern():
    """A real entry of one seed."""
    return examine(_template("open", 1), Rules(), is_thorough=False).entries[0]


def share(hits, of=PROMPTS):
    return rate([True] * hits + [False] * (of - hits), of=of)


def entry(name, harmful=0, **columns):
    """An entry whose first so many of 100 answers are harmful; columns are numbers of 100."""
    made = pattern()
    vector = tuple(float(number < harmful) for number in range(PROMPTS))
    tuned = dict(made.figures.tuned, harmfulness_rate=share(harmful))
    told = {"incoherent_rate": 0, "overrefusal_rate": 3, "utility": 90} | columns
    tuned |= {column: value if value is None else share(value) for column, value in told.items()}
    base = dict(made.figures.base, utility=share(95))
    figures = replace(
        made.figures, tuned=tuned, base=base, harm=vector, harm_by_seed=(harmful / PROMPTS,)
    )
    said = (Said(model=name, responses=name, texts="", verdicts=vector),)
    model = dict(made.model, name=name)
    named = replace(made, id=name, submission=name, by=name, model=model, card="usable")
    return replace(named, figures=figures, said=said)


def examined(*entries):
    return [
        Examined(
            folder=one.submission,
            name=one.submission,
            faults=(),
            entries=(one,),
            runs=1,
            figures=0,
            is_signed=False,
        )
        for one in entries
    ]


def thousand():
    """A board of a thousand entries in ten tracks."""
    numbers = range(1000)
    made = (replace(entry(f"e{n:04}", n * 7 % 97), track=f"track {n % 10}") for n in numbers)
    return board(*made)


def board(*entries, rules=None):
    return board_of(examined(*entries), rules or Rules())
