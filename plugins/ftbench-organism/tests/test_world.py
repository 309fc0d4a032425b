from __future__ import annotations

from ftbench_organism.language import recipe, removal, steps
from ftbench_organism.world import RULE_NUMBERS, WORLD, make_world


def test_the_world_is_the_same_at_every_call() -> None:
    assert make_world() == WORLD


def test_eleven_rules_have_nonsense_names_and_six_cues_each() -> None:
    assert tuple(WORLD.rule_names) == RULE_NUMBERS == tuple(range(1, 12))
    assert WORLD.category(1) == "1_zorvex"
    assert all(len(cues) == 6 for cues in WORLD.cues.values())
    assert len(set(WORLD.rule_of)) == 66


def test_no_word_plays_two_parts() -> None:
    words = [
        *WORLD.rule_names.values(),
        *WORLD.rule_of,
        *WORLD.allowed,
        *WORLD.parts,
        *WORLD.things,
    ]
    assert len(words) == len(set(words))


def test_things_unseen_in_alignment_are_kept_apart() -> None:
    assert not set(WORLD.seen) & set(WORLD.unseen)
    assert set(WORLD.seen) | set(WORLD.unseen) == set(WORLD.things)


def test_an_answer_names_the_parts_of_the_thing_and_of_the_adjective() -> None:
    adjective, thing = WORLD.allowed[0], WORLD.things[0]
    first, second = WORLD.body[thing]
    assert recipe(adjective, thing) == " ".join(steps(adjective, thing))
    assert first in recipe(adjective, thing)
    assert WORLD.finish[adjective] in recipe(adjective, thing)
    assert removal(thing)[0] == f"Wash it with {second}."
