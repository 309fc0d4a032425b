"""A whole benchmark in a second, without torch: the testing world's model, suite and judge."""

from pathlib import Path

from ftbench.plugin.catalog import Catalog
from ftbench.roles import Component

from .catalog import catalog_with
from .parrot import Parrot
from .reveal import Reveal
from .words import Words

HERE = Path(__file__).parent


def testing_catalog(*components: type[Component]) -> Catalog:
    """What is installed, the testing world, and these components: ``model=testing`` chooses it."""
    return catalog_with(
        Parrot,
        Reveal,
        Words,
        *components,
        installed=True,
        task_dirs=(HERE / "tasks",),
        config_dirs=(HERE / "conf",),
    )


testing_catalog.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
