"""A catalog made by hand, for components that no installed package offers."""

from dataclasses import replace
from pathlib import Path

from ftbench.plugin.catalog import Catalog, Offer, read_catalog
from ftbench.roles import ROLES, Component

EMPTY = Catalog(
    components={role: {} for role in ROLES},
    models={},
    commands={},
    task_dirs=(),
    config_dirs=(),
    plugins=(),
    problems=(),
)


def catalog_with(
    *components: type[Component],
    installed: bool = False,
    task_dirs: tuple[Path, ...] = (),
    config_dirs: tuple[Path, ...] = (),
) -> Catalog:
    """A catalog that offers these components, and with ``installed`` what is installed too."""
    known = read_catalog() if installed else EMPTY
    return replace(
        known,
        components={
            role: dict(sorted((known.components[role] | _offers(role, components)).items()))
            for role in ROLES
        },
        task_dirs=known.task_dirs + task_dirs,
        config_dirs=known.config_dirs + config_dirs,
    )


def _offers(role: str, components: tuple[type[Component], ...]) -> dict[str, Offer]:
    return {
        component.name: Offer(
            name=component.name, thing=component, package="ftbench-testing", version="0"
        )
        for component in components
        if issubclass(component, ROLES[role])
    }
