"""Which cells share a job, and what each job may spend."""

import pytest

from ftbench.config.compose import compose
from ftbench.errors import UsageError
from ftbench.spread.grouping import grouped
from ftbench.spread.shares import with_shares
from ftbench.testing.benchmark import testing_catalog

CATALOG = testing_catalog()
BASE = ("-m", "model=testing", "attack=testing_reveal")


def cells(*words):
    return compose((*BASE, *words), CATALOG)


def seeds(count):
    return "seed=" + ",".join(map(str, range(count)))


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (3, [1, 1, 1]), (8, [2, 2, 2, 2]), (12, [3, 3, 3, 3]), (70, [16] * 4 + [6])],
)
def test_a_sweep_is_a_few_jobs_none_of_them_large(count, sizes):
    assert [len(group) for group in grouped(cells(seeds(count)))] == sizes


def test_the_user_says_how_many_cells_a_job_does():
    groups = grouped(cells(seeds(5), "cells_per_job=2"))
    assert groups == [[0, 1], [2, 3], [4]]


def test_every_cell_is_in_one_job():
    found = grouped(cells(seeds(5), "finetune.epochs=1,3", "attack=testing_reveal,none"))
    assert sorted(number for group in found for number in group) == list(range(20))


def test_epochs_of_one_recipe_are_neighbours():
    sweep = cells("finetune.epochs=1,3,5", "seed=1,2", "cells_per_job=3")
    for group in grouped(sweep):
        assert len({sweep[number].config.seed for number in group}) == 1


def test_no_job_has_two_bases():
    sweep = cells("model.name=testing_parrot,other", seeds(3), "cells_per_job=16")
    assert [{sweep[n].config.model.name for n in group} for group in grouped(sweep)] == [
        {"testing_parrot"},
        {"other"},
    ]


def test_a_rate_that_is_no_number_is_left_to_its_own_run():
    assert len(grouped(cells("finetune.learning_rate=1e-3,nan"))) == 2


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("cells_per_job=0", "seed=1,2"), "cells_per_job=0 is no number of cells"),
        (("cells_per_job=1,2",), "share one cells_per_job"),
    ],
)
def test_what_is_no_size_is_refused(words, what):
    with pytest.raises(UsageError, match=what):
        grouped(cells(*words))


def test_jobs_share_a_budget_so_that_they_cannot_spend_more_together():
    sweep = cells(seeds(3), "budget_usd=6")
    jobs = [with_shares([c.overrides for c in some], some, of=3) for some in (sweep[:2], sweep[2:])]
    told = [[w for w in one if w.startswith("budget_usd")] for job in jobs for one in job]
    assert told == [["budget_usd=4.000000"], ["budget_usd=4.000000"], ["budget_usd=2.000000"]]
    assert {c.config.budget_usd for c in compose(jobs[1][0], CATALOG)} == {2.0}


def test_without_a_budget_no_word_is_added():
    sweep = cells(seeds(2))
    assert with_shares([c.overrides for c in sweep], sweep, of=2) == [c.overrides for c in sweep]
