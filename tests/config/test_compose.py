import os
import sys
from pathlib import Path

import pytest
from hydra.errors import ConfigCompositionException

from ftbench.config.compose import compose
from ftbench.errors import UsageError
from ftbench.locations import CONF_DIR
from ftbench.methods import Lora
from ftbench.plugin.catalog import read_catalog


@pytest.fixture
def compose_one(catalog):
    def one(*words):
        (cell,) = compose(words, catalog)
        return cell

    return one


def test_a_run_needs_no_word_but_its_model(compose_one):
    cell = compose_one("model=plain")
    assert cell.config.model.name == "someone/plain"
    assert cell.config.finetune.method.name == "full"
    assert [*cell.config.judge] == ["keyword"]
    assert (cell.config.defense, cell.config.publisher) == ({}, {})


def test_a_model_brings_its_suite_and_judge(compose_one):
    cell = compose_one("model=small")
    assert cell.config.suite.harmfulness == ["small_policy"]
    assert [*cell.config.judge] == ["oracle"]
    assert cell.choices["suite"] == "small"


def test_the_user_has_the_last_word_over_a_model(compose_one):
    cell = compose_one("model=small", "judge=keyword", "suite=hex_phi")
    assert [*cell.config.judge] == ["keyword"]
    assert cell.config.suite.harmfulness == ["hex_phi"]


@pytest.mark.parametrize("order", [["keyword", "oracle"], ["oracle", "keyword"]])
def test_judges_keep_the_order_they_were_listed_in(compose_one, order):
    cell = compose_one("model=plain", f"judge=[{','.join(order)}]", "judge.keyword.words=long")
    assert [*cell.config.judge] == order
    assert cell.config.judge["keyword"].words.value == "long"
    assert cell.choices["judge"] == "+".join(order)
    assert cell.composed["judge"]["keyword"] == {"words": "long"}


def test_the_options_of_a_method_stand_below_it(compose_one):
    cell = compose_one(
        "finetune=lora", "finetune.method.rank=16", "finetune.epochs=3", "model=plain"
    )
    assert isinstance(cell.config.finetune.method, Lora)
    assert (cell.config.finetune.method.rank, cell.config.finetune.epochs) == (16, 3)
    assert cell.choices["finetune"] == "lora"


def test_an_experiment_overrides_everything_but_the_user(compose_one):
    cell = compose_one("experiment=loud", "attack.examples=4")
    assert (cell.config.seed, cell.config.attack.examples) == (7, 4)
    assert cell.choices["experiment"] == "loud"
    assert [*cell.config.judge] == ["oracle"]


def test_a_choice_of_nothing_is_recorded_as_none(compose_one):
    choices = compose_one("model=plain").choices
    assert {choices[group] for group in ("attack", "dataset", "defense", "audit", "publisher")} == {
        "none"
    }
    assert "experiment" not in choices


def test_a_sweep_gives_a_cell_for_every_combination(catalog):
    cells = compose(["-m", "model=plain", "attack=none,shout", "judge=oracle,keyword"], catalog)
    made = [(cell.choices["attack"], cell.choices["judge"]) for cell in cells]
    assert made == [
        ("none", "oracle"),
        ("none", "keyword"),
        ("shout", "oracle"),
        ("shout", "keyword"),
    ]
    assert cells[0].overrides == ("model=plain", "attack=none", "judge=oracle")


def test_options_may_stand_between_the_overrides(catalog):
    assert len(compose(["model=plain", "-m", "seed=1,2"], catalog)) == 2


def test_printing_the_config_gives_no_cell(catalog, capsys):
    assert compose(["model=plain", "--cfg", "job", "seed=3"], catalog) == []
    assert "seed: 3" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--help", "--info"])
def test_hydras_own_pages_work(catalog, capsys, option):
    assert compose(["model=plain", option], catalog) == []
    assert "shout" in capsys.readouterr().out or option == "--info"


def test_a_config_folder_of_the_user_is_found(catalog, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("name: mine\n")
    (cell,) = compose(["--config-dir", str(tmp_path), "model=mine"], catalog)
    assert cell.config.model.name == "mine"


def test_nothing_is_written_where_the_user_works(catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    compose(["-m", "model=plain", "seed=1,2"], catalog)
    assert sorted(tmp_path.rglob("*")) == before
    assert Path.cwd() == tmp_path


def test_the_process_is_left_as_it_was(catalog, monkeypatch):
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    before = list(sys.argv)
    with pytest.raises(ConfigCompositionException):
        compose(["model=plain", "finetune.epochs=ten"], catalog)
    assert sys.argv == before
    assert "HYDRA_FULL_ERROR" not in os.environ


def test_hydra_says_nothing_when_it_fails(catalog, capsys):
    with pytest.raises(ConfigCompositionException):
        compose(["-m", "model=plain", "finetune.epochs=1,ten"], catalog)
    assert capsys.readouterr() == ("", "")


def test_an_option_nobody_knows_is_a_usage_error(catalog):
    with pytest.raises(UsageError, match="--jsn"):
        compose(["model=plain", "--jsn"], catalog)


@pytest.mark.parametrize("group", ["model", "suite", "experiment"])
def test_every_config_we_ship_composes(group, config_dir):
    for file in sorted((CONF_DIR / group).glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        words = ["--config-dir", str(config_dir), f"{group}={file.stem}"]
        words += [] if group == "model" or "override /model:" in text else ["model=plain"]
        words += ["model.name=any"] if "name: ???" in text else []
        words += ["judge.grader.model=any"] if "[grader]" in text else []
        (cell,) = compose(words, read_catalog())
        assert cell.choices[group] == file.stem
