"""The catalog of what is installed here, and what can be asked of it."""

import subprocess
import sys

import pytest

from ftbench import ShippedModel
from ftbench.plugin.catalog import read_catalog
from ftbench.plugin.identity import identity, settings
from ftbench.plugin.manager import Problem, is_first_party
from ftbench.roles import ROLES
from ftbench.testing import Reveal, catalog_with


@pytest.fixture(scope="module")
def catalog():
    return read_catalog()


def test_our_own_plugins_are_sound(catalog):
    assert catalog.problems == ()


def test_our_own_components_arrive_through_entry_points(catalog):
    packages = {plugin.package for plugin in catalog.plugins}
    assert catalog.components["attack"]["none"].package == "ftbench"
    assert "ftbench" in packages


def test_names_are_listed_in_order(catalog):
    for role in ROLES:
        assert list(catalog.components[role]) == sorted(catalog.components[role])


def test_shipped_models_are_folders_that_exist(catalog):
    for name, model in catalog.models.items():
        assert isinstance(model, ShippedModel)
        assert (model.name, model.folder.is_dir()) == (name, True)


def test_our_packages_are_known_by_their_name():
    assert is_first_party("ftbench") and is_first_party("ftbench-hf")
    assert not is_first_party("ftbenchmark") and not is_first_party("outside-ftbench")


def test_a_component_is_known_by_its_package_version_and_settings():
    catalog = catalog_with(Reveal)
    assert identity(Reveal(n=7), "attack", catalog) == {
        "role": "attack",
        "name": "testing_reveal",
        "package": "ftbench-testing",
        "version": "0",
        "settings": {"n": 7},
    }
    assert settings(Reveal(n=7)) == {"n": 7}


def test_a_problem_names_the_plugin_and_the_line_that_removes_it():
    problem = Problem(package="one", what="is odd.")
    assert str(problem) == "The plugin 'one' is odd. Remove it with: pip uninstall one"


def test_reading_the_catalog_imports_nothing_slow():
    heavy = "{'torch', 'transformers', 'peft', 'lm_eval', 'datasets', 'scipy', 'hydra', 'numpy'}"
    program = (
        "import sys; from ftbench.plugin.catalog import read_catalog; read_catalog(); "
        f"print(*{heavy} & {{*sys.modules}})"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
