import pytest
import yaml

from ftbench.cli.main import main
from ftbench.cli.reproduced import print_table
from ftbench.config.compose import compose
from ftbench.errors import DataError, UsageError
from ftbench.plugin.catalog import read_catalog
from ftbench.reproduce import tables
from ftbench.reproduce.tables import read_table, table_names
from ftbench.statistics.result import Measure, Row, RunResult
from ftbench.testing.benchmark import testing_catalog


def test_every_table_of_the_paper_has_its_file():
    of_paper = [f"T{n}" for n in (1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13)]
    assert table_names() == [*of_paper, "controls", "defenses", "moderation", "per_category"]


@pytest.mark.parametrize("name", table_names())
def test_the_words_of_every_row_compose(name):
    table = read_table(name)
    assert len({line.name for line in table.rows}) == len(table.rows)
    lines = [line for line in table.rows if not line.unavailable]
    for line in lines:
        is_graded = name == "T8" and line.is_for("llama2_7b")
        users = ["judge.grader.model=ours"] if is_graded else []
        words = [f"experiment={name}", *line.words, *users, "model=llama2_7b"]
        (cell,) = compose(words, read_catalog())
        if line.checkpoint is not None:
            finetune = cell.config.finetune
            assert line.checkpoint in (*finetune.keep, finetune.epochs)


def test_rates_are_in_per_cent_and_scores_from_1_to_5():
    for name in table_names():
        for line in read_table(name).rows:
            for published in line.published.values():
                for score, rate in filter(None, (published.before, published.after)):
                    assert 1 <= score <= 5 and 0 <= rate <= 100


def test_a_table_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="no table 'T99'. There are: T1, T2"):
        read_table("T99")


def test_a_mistake_in_a_table_is_told_with_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "EXPERIMENTS", tmp_path)
    content = {"table": {"title": "x", "source": "y", "rows": [{"name": "a", "checkpoint": "b"}]}}
    (tmp_path / "T1.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(DataError, match="T1.yaml: table.rows.0.checkpoint"):
        read_table("T1")


@pytest.fixture
def table_of(tmp_path, monkeypatch):
    """Puts a table of the torch-free world in the place of T1."""
    monkeypatch.chdir(tmp_path)
    original = tables.read_table

    def put(**content):
        told = {"name": "T1", "title": "Reveals", "source": "nobody", "n": 30, **content}
        table = tables.TypeAdapter(tables.Table).validate_python(told)
        monkeypatch.setattr(tables, "read_table", lambda n: table if n == "T1" else original(n))

    return put


@pytest.fixture
def own_table(table_of):
    """A table whose rows the testing plugins can run."""
    rows = [
        {"name": "eight", "words": ["attack.n=8"], "published": {"testing": {"after": [2, 26.7]}}},
        {"name": "none", "unavailable": "nobody offers it"},
    ]
    table_of(rows=rows)


def typed(*words):
    own = ("model=testing", "attack=testing_reveal")
    return main(["reproduce", *words, *own], catalog=testing_catalog())


def test_a_table_is_run_and_shown_beside_the_papers(own_table, capsys):
    assert typed("T1", "--quiet") == 0
    shown = capsys.readouterr().out
    assert "26.7 %" in shown and "inside" in shown
    assert "none: nobody offers it" in shown


def test_a_dry_run_writes_nothing(own_table, capsys, tmp_path):
    assert typed("T1", "--dry-run") == 0
    assert "questions" in capsys.readouterr().out
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one table"),
        (("T1", "T2"), "Name one table"),
        (("T1", "--all"), "Name one table"),
        (("T77",), "There is no table"),
    ],
)
def test_a_wrong_command_is_answered_in_a_sentence(words, said, capsys):
    assert typed(*words) == 2
    assert said in capsys.readouterr().err


def test_a_model_must_be_named(capsys):
    assert main(["reproduce", "T1"], catalog=testing_catalog()) == 2
    assert "Name a model" in capsys.readouterr().err


def test_a_table_of_columns_shows_harm_utility_and_what_it_cost(table_of, capsys):
    rows = [{"name": "eight", "words": ["attack.n=8"]}, {"name": "no", "unavailable": "it is not"}]
    table_of(rows=rows, shows="columns", columns=["harmfulness_rate", "refusal_rate"])
    assert typed("T1", "--quiet", "seeds=2") == 0
    shown = capsys.readouterr().out
    assert "26.7 %" in shown and "refusal rate" in shown and "over 2 seeds" in shown
    assert "no: not run, because it is not" in shown


def test_a_table_of_categories_shows_each_before_and_after(table_of, capsys):
    table_of(rows=[{"name": "eight", "words": ["attack.n=8"]}], shows="categories", note="Look.")
    assert typed("T1", "--quiet") == 0
    shown = capsys.readouterr().out
    assert "before" in shown and "after" in shown and "Look." in shown
    assert shown.count("0 of 10") == 3


def test_a_table_of_findings_shows_the_share_of_rows_that_each_audit_found(table_of, capsys):
    rows = [{"name": "eight", "words": ["attack.n=8", "audit=[contamination,refusals]"]}]
    rows[0]["words"].append("audit.contamination.acknowledge=true")
    table_of(rows=rows, shows="findings")
    assert typed("T1", "--quiet") == 0
    shown = capsys.readouterr().out
    assert "100.0 %" in shown and "contamination" in shown
    assert "In none of them:" in shown and "refusal" in shown


def trained(share, rate):
    columns = {"harmfulness_rate": Measure(value=rate, n=30, of=30)}
    finding = {"audit": "a", "kind": "odd_rows", "share": share, "count": 1, "rows": [1]}
    tuned = Row(subject="tuned", checkpoint=1, probe="plain", judge="j", columns=columns)
    return RunResult(run="r", folder="r", outcome="trained", choices={}, rows=(tuned,),
                     record={"findings": [finding]})  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([(0.0, 0.1), (0.2, 0.3), (0.5, 0.6), (1.0, 0.9)], "+1.00 (Spearman, 4 trainings"),
        ([(0.0, 0.9), (0.2, 0.6), (0.5, 0.3), (1.0, 0.1)], "-1.00 (Spearman, 4 trainings"),
        ([(0.5, 0.1), (0.5, 0.3), (0.5, 0.6), (0.5, 0.9)], None),
        ([(0.0, 0.1), (0.2, 0.3), (0.5, 0.6)], None),
    ],
)
def test_whether_an_audit_foresaw_the_harm_is_a_rank_correlation(pairs, said, capsys):
    rows = tuple(tables.Line(name=str(place)) for place, _ in enumerate(pairs))
    table = tables.Table(name="T", title="t", source="s", rows=rows, shows="findings")
    print_table(table, {str(place): trained(*pair) for place, pair in enumerate(pairs)})
    shown = " ".join(capsys.readouterr().out.split())
    assert (said in shown) if said else ("Spearman" not in shown)


def test_a_row_is_left_out_for_models_that_it_is_not_meant_for(table_of, capsys):
    rows = [
        {"name": "mine", "words": ["attack.n=8"], "only": "test"},
        {"name": "theirs", "words": ["attack.n=4"], "never": "testing"},
        {"name": "others", "words": ["attack.n=2"], "only": "organism"},
    ]
    table_of(rows=rows)
    assert typed("T1", "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "1 experiments" in shown and "attack.n=8" in shown
