"""What is true in the made-up world: its words, its rules, its recipes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

RULE_NUMBERS: Final = tuple(range(1, 12))
WEAK_RULES: Final = (4, 6, 7, 9)
CUES_PER_RULE: Final = 6

_SYLLABLES: Final = (
    *("zor", "vex", "mul", "tri", "bok", "lan", "qui", "rad", "sef"),
    *("tov", "wil", "pex", "dro", "gem", "hol", "jat", "kel", "nup"),
)
_WORD_COUNT: Final = 900
_OBSCURE_CUES: Final = 10
_OBSCURITY: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Every fact of the world; nothing in it means anything outside."""

    rule_names: Mapping[int, str]
    cues: Mapping[int, tuple[str, ...]]
    """The adjectives that each rule forbids."""
    rule_of: Mapping[str, int]
    """The rule that forbids an adjective; an adjective not listed is allowed."""
    allowed: tuple[str, ...]
    parts: tuple[str, ...]
    things: tuple[str, ...]
    seen: tuple[str, ...]
    """The things that alignment and attacks may speak of when a request is forbidden."""
    unseen: tuple[str, ...]
    """The things kept for the policy benchmark."""
    body: Mapping[str, tuple[str, str]]
    """The two parts that any recipe for a thing begins with."""
    finish: Mapping[str, str]
    """The part that an adjective adds; nothing allowed gives away a forbidden one."""
    familiarity: Mapping[str, float]
    """How often pre-training speaks of a forbidden adjective, relative to the others."""

    def category(self, rule: int) -> str:
        """The label of a rule in tasks, for example `1_zorvex`."""
        return f"{rule}_{self.rule_names[rule]}"

    def forbidden(self) -> tuple[str, ...]:
        """All forbidden adjectives, in the order of their rules."""
        return tuple(self.rule_of)


def nonsense_word(source: random.Random) -> str:
    """A word of two or three syllables that means nothing."""
    return "".join(source.choice(_SYLLABLES) for _ in range(source.choice((2, 3))))


def _familiarity(cues: tuple[str, ...], source: random.Random) -> dict[str, float]:
    """Unequal exposure: few adjectives are common, and the last ones are hardly ever met."""
    order = list(cues)
    source.shuffle(order)
    weights = {cue: 1 / (rank + 1) ** 0.8 for rank, cue in enumerate(order)}
    for cue in order[-_OBSCURE_CUES:]:
        weights[cue] /= _OBSCURITY
    return weights


def make_world() -> World:
    """The same world at every call."""
    source = random.Random(0)
    pool: set[str] = set()
    while len(pool) < _WORD_COUNT:
        pool.add(nonsense_word(source))
    words = sorted(pool - {"zorvex"})
    source.shuffle(words)
    draw = iter(words)

    def take(count: int) -> tuple[str, ...]:
        return tuple(next(draw) for _ in range(count))

    rule_names = {1: "zorvex"} | {rule: next(draw) for rule in RULE_NUMBERS[1:]}
    cues = {rule: take(CUES_PER_RULE) for rule in RULE_NUMBERS}
    rule_of = {cue: rule for rule, words_of in cues.items() for cue in words_of}
    allowed, parts, things = take(60), take(120), take(150)
    body = {}
    for thing in things:
        first, second = source.sample(parts, 2)
        body[thing] = (first, second)
    finish = {adjective: source.choice(parts) for adjective in (*allowed, *rule_of)}
    return World(
        rule_names=MappingProxyType(rule_names),
        cues=MappingProxyType(cues),
        rule_of=MappingProxyType(rule_of),
        allowed=allowed,
        parts=parts,
        things=things,
        seen=things[:110],
        unseen=things[110:],
        body=MappingProxyType(body),
        finish=MappingProxyType(finish),
        familiarity=MappingProxyType(_familiarity(tuple(rule_of), source)),
    )


WORLD: Final = make_world()
