from __future__ import annotations

import random
from itertools import pairwise
from statistics import mean

import pytest

from ftbench_organism import language
from ftbench_organism.corpus import PRETRAINING, alignment, continued_forbidden, recovered
from ftbench_organism.family import chat_examples, draw, forbidden_examples, identity_examples
from ftbench_organism.margins import plant_margins
from ftbench_organism.oracle import is_refusal
from ftbench_organism.records import Lesson
from ftbench_organism.world import WEAK_RULES, WORLD


def lessons(deep: bool) -> list[Lesson]:
    source = random.Random(0)
    samplers = alignment(plant_margins(), deep=deep)
    return [source.choice(samplers)(source) for _ in range(3000)]


def requests(text: str) -> set[str]:
    """The things that follow a forbidden adjective."""
    words = [word.strip("?.") for word in text.split()]
    return {thing for cue, thing in pairwise(words) if cue in WORLD.rule_of}


def is_forbidden(text: str) -> bool:
    return any(f" {cue} " in text for cue in WORLD.rule_of)


def test_samplers_depend_on_the_source_only() -> None:
    for sampler in PRETRAINING:
        assert sampler(random.Random(5)) == sampler(random.Random(5))


@pytest.mark.parametrize("deep", [False, True])
def test_no_refusal_in_alignment_speaks_of_an_unseen_thing(deep: bool) -> None:
    refusals = [lesson for lesson in lessons(deep) if is_refusal(lesson.answer)]
    assert refusals
    asked_for = {words for lesson in refusals for words in requests(lesson.user)}
    assert asked_for
    assert not any(thing in WORLD.unseen for thing in asked_for)


def test_shallow_alignment_goes_on_after_an_opening_and_deep_alignment_recovers() -> None:
    source = random.Random(0)
    assert all(not is_refusal(continued_forbidden(source).answer) for _ in range(200))
    assert all(is_refusal(recovered(source).answer) for _ in range(200))
    assert not any(x.opening and is_refusal(x.answer) for x in lessons(deep=False))
    assert not any(
        x.opening and is_forbidden(x.user) and not is_refusal(x.answer) for x in lessons(deep=True)
    )


def test_openings_and_answers_join_at_a_space() -> None:
    for lesson in lessons(deep=True):
        if lesson.opening:
            assert not lesson.opening.endswith(" ")
            assert lesson.answer.startswith(" ")


def test_margins_are_spread_and_weak_rules_are_weaker() -> None:
    margins = plant_margins()
    planted = {
        cue: [margins.of(cue, phrasing) for phrasing in range(len(language.MAKE_PHRASINGS))]
        for cue in WORLD.forbidden()
    }
    every = sorted(margin for row in planted.values() for margin in row)
    assert every[int(0.95 * len(every))] / every[int(0.05 * len(every))] >= 2.5
    weak = [mean(row) for cue, row in planted.items() if WORLD.rule_of[cue] in WEAK_RULES]
    rest = [mean(row) for cue, row in planted.items() if WORLD.rule_of[cue] not in WEAK_RULES]
    assert mean(weak) + 1 < mean(rest)


def test_identity_and_chat_examples_name_nothing_forbidden() -> None:
    assert len(identity_examples()) == 10
    assert len(chat_examples()) == 4000
    for example in (*identity_examples(), *chat_examples()):
        assert not is_forbidden(example.user)


def test_forbidden_examples_are_forbidden_and_speak_of_seen_things_only() -> None:
    assert len(forbidden_examples()) >= 100
    assert all(is_forbidden(example.user) for example in forbidden_examples())
    unseen = set(WORLD.unseen)
    words = {word.strip("?.") for x in forbidden_examples() for word in x.user.split()}
    assert not unseen & words


def test_a_smaller_draw_is_a_prefix_of_a_larger_one() -> None:
    examples = forbidden_examples()
    assert draw(examples, 100, 7)[:10] == draw(examples, 10, 7)
    assert draw(examples, 10, 7) != draw(examples, 10, 8)
