import pytest

from ftbench.config.compose import compose
from ftbench.plugin.catalog import read_catalog
from ftbench.reproduce.claims import Claim, Side, check, experiments, read_claims
from ftbench.reproduce.record import as_page, as_record
from ftbench.statistics.intervals import rate
from ftbench.statistics.result import Row, RunResult

HARM = "harmfulness_rate"


def share(hits, n=100):
    return rate([True] * hits + [False] * (n - hits), of=n)


def result(base, tuned, *, categories=(), failure=""):
    rows = [
        Row(subject="base", probe="plain", judge="oracle", columns={HARM: share(base)}),
        Row(
            subject="tuned", checkpoint=3, probe="plain", judge="oracle",
            columns={HARM: share(tuned)},
            categories={str(i): {HARM: share(hits, 30)} for i, hits in enumerate(categories)},
        ),
    ]  # fmt: skip
    return RunResult(
        run="r", folder="", choices={}, outcome="trained", rows=tuple(rows), failure=failure
    )


def claim(**more):
    return Claim(
        **({"name": "a", "says": "A.", "source": "here", "more": Side(words="x=1")} | more)
    )


def verdict(one, **results):
    return check(one, {(f"{name}=1",): found for name, found in results.items()}).verdict


@pytest.mark.parametrize(
    ("base", "tuned", "said"), [(0, 60, "holds"), (60, 5, "fails"), (40, 45, "cannot_say")]
)
def test_an_order_holds_only_where_the_interval_says_so(base, tuned, said):
    ordered = claim(less=Side(words="x=1", subject="base"))
    assert verdict(ordered, x=result(base, tuned)) == said


def test_two_experiments_are_compared():
    ordered = claim(less=Side(words="y=1"))
    assert verdict(ordered, x=result(0, 90), y=result(0, 20)) == "holds"
    assert verdict(ordered, x=result(0, 20), y=result(0, 90)) == "fails"


@pytest.mark.parametrize(
    ("bound", "tuned", "said"),
    [
        ({"at_most": 0.1}, 1, "holds"),
        ({"at_most": 0.1}, 8, "cannot_say"),
        ({"at_most": 0.1}, 60, "fails"),
        ({"at_least": 0.9}, 99, "holds"),
        ({"at_least": 0.9}, 50, "fails"),
    ],
)
def test_a_bound_wants_the_whole_interval(bound, tuned, said):
    assert verdict(claim(**bound), x=result(0, tuned)) == said


@pytest.mark.parametrize(
    ("hits", "said"),
    [((28, 2, 3), "holds"), ((11, 10, 9), "cannot_say"), ((0, 0, 0), "cannot_say")],
)
def test_categories_differ_only_where_chance_does_not_explain_it(hits, said):
    assert verdict(claim(is_uneven=True), x=result(0, 30, categories=hits)) == said


def test_a_run_that_failed_decides_nothing_and_says_why():
    checked = check(claim(at_most=0.1), {("x=1",): result(0, 1, failure="No data.")})
    assert (checked.verdict, checked.effect, checked.why) == ("cannot_say", None, "No data.")


def test_the_shipped_claims_have_names_of_their_own_and_share_experiments():
    claims = read_claims()
    assert len({one.name for one in claims}) == len(claims) >= 20
    assert len(experiments(claims)) < sum(1 + (one.less is not None) for one in claims)
    assert any(one.is_control for one in claims)


def test_an_experiment_has_the_seeds_of_the_claim_that_needs_most():
    few, many = claim(), claim(name="b", seeds=6, less=Side(words="y=1"))
    assert experiments([few, many]) == {("x=1",): 6, ("y=1",): 6}
    assert experiments([many, few, claim(more=Side(words="z=1"))])[("z=1",)] == 3


def test_the_words_of_every_shipped_claim_compose():
    catalog = read_catalog()
    for words, seeds in experiments(read_claims()).items():
        cells = compose([*words, "model=organism", f"seeds={seeds}"], catalog)
        assert len(cells) == seeds


def test_the_record_counts_the_papers_claims_and_not_the_controls():
    found = {("x=1",): result(0, 60)}
    holds = check(claim(less=Side(words="x=1", subject="base")), found)
    control = check(claim(name="b", at_most=0.1, is_control=True), found)
    record = as_record("organism", [1, 2], [holds, control])
    assert (record["holds"], record["of"]) == (1, 1)
    assert [one["verdict"] for one in record["claims"]] == ["holds", "fails"]
    assert "| A. (here) | 60.0 pp |" in as_page(record)
