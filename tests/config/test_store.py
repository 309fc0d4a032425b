from dataclasses import dataclass
from typing import Literal

from ftbench import Attack
from ftbench.config.compose import compose
from ftbench.config.store import register_configs
from ftbench.testing.catalog import catalog_with


@dataclass(kw_only=True)
class Odd(Attack):
    """Have a field no config can hold."""

    name = "odd"
    way: Literal["a", "b"] = "a"

    def poison(self, clean, scene):
        return clean


def test_a_component_whose_fields_are_no_config_is_named_and_harms_nobody(components, config_dir):
    catalog = catalog_with(*components, Odd, config_dirs=(config_dir,))
    (problem,) = register_configs(catalog)
    assert "attack=odd" in str(problem)
    assert "pip uninstall" in str(problem)
    assert compose(["model=plain", "attack=shout"], catalog)


def test_what_an_earlier_catalog_offered_is_forgotten(components, config_dir):
    names = [part for part in components if part.name != "shout"]
    compose(["model=plain", "attack=shout"], catalog_with(*components, config_dirs=(config_dir,)))
    smaller = catalog_with(*names, config_dirs=(config_dir,))
    try:
        compose(["model=plain", "attack=shout"], smaller)
    except OSError as error:
        assert "attack/shout" in str(error)
    else:
        raise AssertionError("an attack of another catalog could be chosen")
