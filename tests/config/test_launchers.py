"""Which launcher a command chooses, and that composing never calls it."""

import pytest
from hydra.errors import HydraException

from ftbench.config.compose import compose
from ftbench.config.launchers import launcher_of

WORDS = ("-m", "model=small", "seed=1,2")


def chosen(words, catalog):
    return launcher_of(words, compose(words, catalog), catalog)


@pytest.mark.parametrize("more", [(), ("hydra/launcher=basic",), ("hydra/launcher=joint",)])
def test_this_process_does_a_sweep_unless_it_is_told_otherwise(more, catalog):
    assert chosen((*WORDS, *more), catalog) is None


def test_one_run_needs_no_launcher(catalog):
    assert chosen(("model=small", "hydra/launcher=joblib"), catalog) is None


def test_another_launcher_keeps_its_settings(catalog):
    words = (*WORDS, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    found = chosen(words, catalog)
    assert found.name == "joblib"
    assert found.words == ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert found.options == ("-m",)


def test_cells_know_nothing_of_it(catalog):
    cells = compose((*WORDS, "hydra/launcher=joblib"), catalog)
    assert [cell.overrides for cell in cells] == [("model=small", f"seed={n}") for n in (1, 2)]


def test_a_file_can_choose_it(catalog, tmp_path):
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "wide.yaml").write_text(
        "# @package _global_\ndefaults: [override /hydra/launcher: joblib]\n"
    )
    words = ("--config-dir", str(tmp_path / "mine"), *WORDS, "experiment=wide")
    assert chosen(words, catalog).name == "joblib"


@pytest.mark.parametrize("word", ["hydra/launcher=nobody", "hydra.launcher.no_such=3"])
def test_one_that_is_not_there_is_refused(word, catalog):
    words = (*WORDS, "hydra/launcher=joblib", word)
    with pytest.raises(HydraException):
        chosen(words if "no_such" in word else (*WORDS, word), catalog)
